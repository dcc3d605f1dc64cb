// @ts-check
// Renews a page when runs change: fetches it again and replaces what is inside #fresh.

import { announce, prepare, showLoading } from './ui.js';
import { Follower, bindControls } from './stream.js';

const shortestPause = 1_000;
const policy = /** @type {any} */ (window).trustedTypes?.createPolicy('ui', {
  // The only text that becomes a document is a page of this service, which encodes all that it shows.
  createHTML: (/** @type {string} */ text) => text,
});

let isWaiting = false;
let isRunning = false;
// A change has come while the page was fetched.
let isQueued = false;
// The new content waits until the reader leaves what would be replaced.
let isPostponed = false;
let isChanged = false;
let next = 0;

function renewSoon() {
  if (isRunning) isQueued = true;
  if (isWaiting || isRunning) return;
  isWaiting = true;
  setTimeout(renew, Math.max(150, next - performance.now()));
}

// What the reader uses is not replaced.
function isInUse() {
  const old = document.getElementById('fresh');
  const active = document.activeElement;
  const isControl = active instanceof HTMLElement && active.matches('input, textarea, [data-asked]');
  return (old?.contains(active) && isControl) || document.getSelection()?.type === 'Range'
    || 'dragging' in document.body.dataset;
}

async function renew() {
  isWaiting = false;
  if (isInUse()) {
    isPostponed = true;
    return;
  }
  isRunning = true;
  isQueued = false;
  isPostponed = false;
  const started = performance.now();
  const end = showLoading('renewing');
  try {
    const response = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' });
    if (response.ok) replace(await response.text());
  } finally {
    end();
    // A page that the service makes slowly is fetched rarely.
    next = performance.now() + Math.max(shortestPause, 4 * (performance.now() - started));
    isRunning = false;
    if (isQueued) renewSoon();
  }
}

/** @param {string} text The page. */
function replace(text) {
  const old = document.getElementById('fresh');
  const page = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html');
  const fresh = page.getElementById('fresh');
  if (!old || !fresh || isInUse()) {
    isPostponed = true;
    return;
  }
  prepare(fresh);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const twin = focused && twinOf(focused, old, fresh);
  if (focused && !twin) {
    isPostponed = true;
    return;
  }
  const details = [...fresh.querySelectorAll('details')];
  [...old.querySelectorAll('details')].forEach((element, i) => {
    if (details[i]?.firstElementChild?.textContent === element.firstElementChild?.textContent) {
      details[i].open = element.open;
    }
  });
  document.title = page.title;
  const icon = document.querySelector('link[rel=icon]');
  icon?.setAttribute('href', page.querySelector('link[rel=icon]')?.getAttribute('href') ?? '');
  old.replaceWith(fresh);
  twin?.focus({ preventScroll: true });
  document.body.dataset.renewed = 'yes';
  if (isChanged) announce('The page shows new changes');
  isChanged = false;
}

/**
 * Returns the element of the new content that stands for an element of the old one.
 * @param {Element} element @param {Element} old @param {Element} fresh @returns {HTMLElement | undefined}
 */
function twinOf(element, old, fresh) {
  const like = (/** @type {Element} */ other) =>
    other.textContent === element.textContent && other.getAttribute('href') === element.getAttribute('href');
  const at = [...old.querySelectorAll(element.tagName)].filter(like).indexOf(element);
  return /** @type {HTMLElement[]} */ ([...fresh.querySelectorAll(element.tagName)]).filter(like)[at];
}

for (const event of ['focusout', 'selectionchange', 'pointerup']) {
  document.addEventListener(event, () => isPostponed && renewSoon());
}

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
bindControls(new Follower(main.dataset.stream ?? '', {
  onRuns(entries) {
    // The page of a removed run cannot be fetched again.
    const notice = document.getElementById('removed');
    isChanged = true;
    if (notice && entries.some(entry => '@removed' in entry)) notice.hidden = false;
    else renewSoon();
  },
  onMany: renewSoon,
  onReset: renewSoon,
  // Between the page and its stream, a run may have changed.
  onState(state) {
    if (state === 'live' || state === 'polling') renewSoon();
  },
}));
