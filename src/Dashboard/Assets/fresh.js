// @ts-check
// Renews a page when runs change: fetches it again and replaces what is inside #fresh.

import { announce, prepare } from './ui.js';
import { Follower, bindControls } from './stream.js';

const shortestPause = 1_000;
const policy = /** @type {any} */ (window).trustedTypes?.createPolicy('ui', {
  // The only text that becomes a document is a page of this service, which encodes all that it shows.
  createHTML: (/** @type {string} */ text) => text,
});

let isWaiting = false;
let renewed = 0;

function renewSoon() {
  if (isWaiting) return;
  isWaiting = true;
  setTimeout(renew, Math.max(150, renewed + shortestPause - performance.now()));
}

async function renew() {
  isWaiting = false;
  renewed = performance.now();
  const response = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' });
  const old = document.getElementById('fresh');
  if (!response.ok || !old || old.contains(document.activeElement) || document.getSelection()?.type === 'Range') return;
  const text = await response.text();
  const page = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html');
  const fresh = page.getElementById('fresh');
  if (!fresh) return;
  for (const details of old.querySelectorAll('details[open][id]')) {
    fresh.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute('open', '');
  }
  document.title = page.title;
  const icon = document.querySelector('link[rel=icon]');
  icon?.setAttribute('href', page.querySelector('link[rel=icon]')?.getAttribute('href') ?? '');
  prepare(fresh);
  old.replaceWith(fresh);
  announce('The page shows new changes');
}

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
bindControls(new Follower(main.dataset.stream ?? '', {
  onRuns(entries) {
    // The page of a removed run cannot be fetched again.
    const notice = document.getElementById('removed');
    if (notice && entries.some(entry => '@removed' in entry)) notice.hidden = false;
    else renewSoon();
  },
  onMany: renewSoon,
  onReset: renewSoon,
}));
