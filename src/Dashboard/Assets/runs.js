// @ts-check
// Updates the rows of the page of runs in place, and counts the runs that the page does not show.

import { announce, make, showTimes } from './ui.js';
import { Follower, bindControls, duration, label } from './stream.js';

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const notice = document.getElementById('new');
/** @type {Set<string>} */
const unseen = new Set();
let isMany = false;

/** @param {any} entry */
function apply(entry) {
  const row = document.querySelector(`tr[data-run="${CSS.escape(entry.id)}"]`);
  if (!(row instanceof HTMLTableRowElement)) {
    if (!entry['@removed']) unseen.add(entry.id);
    return;
  }
  row.classList.toggle('removed', '@removed' in entry);
  if ('@removed' in entry) return;
  cell(row, 'status')?.replaceChildren(label(entry.status));
  row.querySelector('th bdi')?.replaceChildren(entry.displayName);
  const code = entry.blockingError?.code;
  cell(row, 'code')?.replaceChildren(...(code ? [make('code', {}, code)] : []));
  if (entry.status === 'running') {
    row.dataset.start = entry.startDateTime;
  } else {
    delete row.dataset.start;
    if (entry.endDateTime) {
      const seconds = (Date.parse(entry.endDateTime) - Date.parse(entry.startDateTime)) / 1000;
      showDuration(row, seconds);
      const time = document.createElement('time');
      time.dateTime = entry.endDateTime;
      cell(row, 'end')?.replaceChildren(time);
      showTimes(row);
    }
  }
}

/** @param {HTMLElement} row @param {string} key */
function cell(row, key) {
  return row.querySelector(`[data-key=${key}]`);
}

/** @param {HTMLElement} row @param {number} seconds */
function showDuration(row, seconds) {
  cell(row, 'duration')?.replaceChildren(duration(seconds));
  const bar = /** @type {SVGElement | null} */ (row.querySelector('.usual'));
  if (!bar) return;
  const ratio = seconds / Number(bar.dataset.median);
  bar.firstElementChild?.setAttribute('d', pathOf(ratio));
  const parent = /** @type {HTMLElement} */ (bar.parentElement);
  parent.title = parent.title.replace(/^[\d.]+/, ratio.toFixed(1));
}

/** The same path as that of the server (DurationBar). @param {number} ratio */
function pathOf(ratio) {
  return `M0 2h${Math.min(Math.max(ratio, 0) * 32, 64).toFixed(1)}v4H0zM32 0h2v7h-2z`;
}

function showCount() {
  if (!notice || (unseen.size === 0 && !isMany)) return;
  const link = notice.querySelector('a');
  const words = isMany ? 'Many changes — show' : `${unseen.size} new or changed — show`;
  if (link) link.textContent = words;
  notice.hidden = false;
  announce(words);
}

setInterval(() => {
  for (const row of /** @type {NodeListOf<HTMLTableRowElement>} */ (document.querySelectorAll('tr[data-start]'))) {
    showDuration(row, (Date.now() - Date.parse(row.dataset.start ?? '')) / 1000);
  }
}, 1_000);
document.addEventListener('keydown', event => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === '.' && document.documentElement.dataset.keys === 'on' && !target.matches('input, textarea')) {
    if (notice && !notice.hidden) notice.querySelector('a')?.click();
  }
});
// Between the page and its stream, a run may have ended. The stream is open before the runs are read.
async function readRunning() {
  const ids = [...document.querySelectorAll('tr[data-start]')].map(row => row.getAttribute('data-run'));
  if (ids.length === 0) return;
  const url = new URL((main.dataset.stream ?? '').replace('/delta', ''), location.href);
  url.searchParams.delete('$search');
  url.searchParams.set('$filter', `id in (${ids.map(id => `'${id}'`).join(',')})`);
  const response = await fetch(url, { cache: 'no-store' });
  if (response.ok) for (const run of (await response.json()).value) apply(run);
}

bindControls(new Follower(main.dataset.stream ?? '', {
  onRuns(entries) {
    for (const entry of entries) apply(entry);
    showCount();
  },
  // The number is that of all changes of the tenant, whatever the filter.
  onMany() {
    isMany = true;
    showCount();
    void readRunning();
  },
  onReset() {
    isMany = true;
    showCount();
  },
  onState(state) {
    if (state === 'live' || state === 'polling') void readRunning();
  },
}));

// Views of the reader's own. They are links, so that they can be shared like any other address.
const viewsKey = 'ui-views';
const maxViews = 50;
const maxName = 64;

/** @returns {{ name: string, query: string }[]} */
function ownViews() {
  try {
    const views = JSON.parse(localStorage.getItem(viewsKey) ?? '[]');
    return Array.isArray(views) ? views.filter(v => typeof v.name === 'string' && typeof v.query === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {{ name: string, query: string }[]} views */
function keep(views) {
  localStorage.setItem(viewsKey, JSON.stringify(views.slice(-maxViews)));
  showViews();
}

function showViews() {
  const list = document.getElementById('views');
  for (const item of list?.querySelectorAll('[data-own]') ?? []) item.remove();
  for (const view of ownViews()) {
    const link = document.createElement('a');
    link.className = 'chip';
    link.href = `${location.pathname}${view.query}`;
    link.textContent = view.name;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'chip';
    button.textContent = '×';
    button.setAttribute('aria-label', `Forget the view ${view.name}`);
    button.addEventListener('click', () => keep(ownViews().filter(v => v.name !== view.name)));
    const share = document.createElement('button');
    share.type = 'button';
    share.className = 'chip';
    share.textContent = 'Copy link';
    share.setAttribute('aria-label', `Copy a link to the view ${view.name}`);
    share.addEventListener('click', async () => {
      const url = new URL(link.href);
      url.searchParams.set('view', view.name);
      await navigator.clipboard.writeText(url.href);
      announce('Copied');
      share.textContent = 'Copied';
    });
    const item = document.createElement('li');
    item.dataset.own = '';
    item.append(link, ...(navigator.clipboard ? [share] : []), button);
    list?.insertBefore(item, list.lastElementChild);
  }
}

/** The name of the view that somebody has shared; empty if the page is no shared view. */
const shared = new URLSearchParams(location.search).get('view')?.trim().slice(0, maxName) ?? '';
const keeper = document.getElementById('keep-view');
if (keeper && shared) keeper.textContent = `Keep the view “${shared}”`;
keeper?.addEventListener('click', () => {
  const name = shared || prompt('Name of the view')?.trim().slice(0, maxName);
  if (!name) return;
  const query = new URLSearchParams(location.search);
  query.delete('view');
  keep([...ownViews().filter(v => v.name !== name), { name, query: query.size > 0 ? `?${query}` : '' }]);
  if (shared) keeper.hidden = true;
});
showViews();
