// @ts-check
// Signs in with the code in the fragment of a sign-in link, and removes the code from the address and the history.

const form = /** @type {HTMLFormElement} */ (document.getElementById('sign-in'));
const field = /** @type {HTMLInputElement} */ (document.getElementById('code'));

function useFragment() {
  const code = new URLSearchParams(location.hash.slice(1)).get('c');
  if (!code) return;
  history.replaceState(null, '', location.pathname + location.search);
  field.value = code;
  form.requestSubmit();
}

useFragment();

// A link that is opened where this page is open already loads no page.
addEventListener('hashchange', useFragment);
