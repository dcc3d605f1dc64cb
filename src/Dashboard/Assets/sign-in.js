// @ts-check
// Signs in with the code in the fragment of a sign-in link, and removes the code from the address and the history.

const form = /** @type {HTMLFormElement} */ (document.getElementById('sign-in'));
const field = /** @type {HTMLInputElement} */ (document.getElementById('code'));

/** @param {string} token */
function isCode(token) {
  try {
    return JSON.parse(atob(token.split('.')[0].replaceAll('-', '+').replaceAll('_', '/'))).typ === 'sign-in+jwt';
  } catch {
    return false;
  }
}

function useFragment() {
  const code = new URLSearchParams(location.hash.slice(1)).get('c');
  if (!code) return;
  history.replaceState(null, '', location.pathname + location.search);
  field.value = code;
  // Only the code of a link is sent without a click. Anybody with an access token could make a link with it.
  if (isCode(code)) form.requestSubmit();
}

useFragment();

// A link that is opened where this page is open already loads no page.
addEventListener('hashchange', useFragment);
