// @ts-check
// The page Timeline: keys for the links that move and zoom.

const links = { '[': 'earlier', ']': 'later', '+': 'closer', '-': 'wider' };

document.addEventListener('keydown', event => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (document.documentElement.dataset.keys !== 'on' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches('input, textarea, select') || !(event.key in links)) return;
  document.getElementById(links[/** @type {keyof typeof links} */ (event.key)])?.click();
});
