// @ts-check
// The live page: changes newest first, and what runs now.

import { announce, make, showTimes } from './ui.js';
import { Follower, bindControls, duration, label, wordOf } from './stream.js';

const maxChanges = 500;
const maxAtOnce = 20;
const listingInterval = 1_000;
const speedWindow = 5 * 60_000;
const page = /** @type {HTMLElement} */ (document.getElementById('live'));
const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const running = /** @type {HTMLElement} */ (document.getElementById('running'));
const changes = /** @type {HTMLElement} */ (document.getElementById('changes'));

/**
 * The changes of the last five minutes by second and status, so that the list is short however many there are.
 * @type {{ at: number, status: string, count: number }[]}
 */
let seen = [];

/** @param {string} status @param {number} count */
function note(status, count) {
  const at = Math.floor(Date.now() / 1_000) * 1_000;
  // The entries of this second are the last ones.
  const entry = seen.findLast(e => e.at !== at || e.status === status);
  if (entry?.at === at) entry.count += count;
  else seen.push({ at, status, count });
}

/** The changes that are not listed yet, oldest first. @type {{ at: string, entry: any }[]} */
let waiting = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let listing;

/** @param {string} time */
function timeCell(time) {
  return make('td', {}, make('time', { datetime: time }, time));
}

/** @param {any} run */
function nameCell(run) {
  const link = make('a', { href: page.dataset.runUrl + run.id }, make('bdi', {}, run.displayName));
  return make('th', { scope: 'row', class: 'name' }, link);
}

/**
 * When the runs of the list have changed, and their last version. @type {Map<string, { at: number, version: string }>}
 */
const known = new Map();

/** @param {any} entry A changed or removed run. */
function apply(entry) {
  // Of each changed run that the filter does not select, the stream says that it was removed.
  if (entry['@removed'] && entry['@removed'].reason !== 'deleted') return;
  // The stream may send a change twice.
  const version = entry['@removed'] ? 'deleted' : entry['@odata.etag'];
  if (known.get(entry.id)?.version === version) return;
  known.delete(entry.id);
  known.set(entry.id, { at: performance.now(), version });
  if (known.size > 2 * maxChanges) known.delete(known.keys().next().value ?? '');
  note(entry['@removed'] ? 'Deleted' : entry.status, 1);
  running.querySelector(`[data-run="${CSS.escape(entry.id)}"]`)?.remove();
  waiting.push({ at: new Date().toISOString(), entry });
  if (entry.status === 'running') {
    running.prepend(runningRow(entry));
    while (running.childElementCount > maxChanges) running.lastElementChild?.remove();
  }
}

/** @param {any} run */
function runningRow(run) {
  const row = make('tr', { 'data-run': run.id, 'data-start': run.startDateTime }, make('td', {}, label(run.status)),
    nameCell(run), timeCell(run.startDateTime), make('td', { class: 'number' }));
  showTimes(row);
  return row;
}

/** @param {string} at @param {any} entry */
function changeRow(at, entry) {
  const row = entry['@removed']
    ? make('tr', {}, timeCell(at), make('td', {}, 'Deleted'), make('th', { scope: 'row' }, entry.id), make('td', {}),
      make('td', {}))
    : make('tr', { 'data-run': entry.id }, timeCell(at), make('td', {}, label(entry.status)), nameCell(entry),
      timeCell(entry.startDateTime), make('td', {}, entry.blockingError?.code ?? ''));
  showTimes(row);
  return row;
}

// A few changes are listed at once. Many are listed once a second, because each time the browser lays out the table.
function list() {
  if (waiting.length > maxAtOnce) listing ??= setTimeout(listWaiting, listingInterval);
  else if (!listing) listWaiting();
}

function listWaiting() {
  const rows = waiting.slice(-maxChanges).map(({ at, entry }) => changeRow(at, entry));
  [waiting, listing] = [[], undefined];
  changes.prepend(...rows.reverse());
  while (changes.childElementCount > maxChanges) changes.lastElementChild?.remove();
}

function tick() {
  const now = Date.now();
  seen = seen.filter(entry => now - entry.at < speedWindow);
  const count = seen.reduce((sum, entry) => sum + entry.count, 0);
  text('speed', `${(count / (speedWindow / 1000)).toFixed(2)} changes/s over 5 minutes`);
  const counts = new Map();
  for (const entry of seen.filter(e => now - e.at < 60_000)) {
    counts.set(entry.status, (counts.get(entry.status) ?? 0) + entry.count);
  }
  const words = [...counts].map(([status, number]) => `${number} × ${wordOf(status)}`);
  text('minute', words.length > 0 ? `In the last minute: ${words.join(', ')}` : 'No change in the last minute');
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (running.querySelectorAll('tr[data-start]'))) {
    const cell = row.lastElementChild;
    if (cell) cell.textContent = duration((now - Date.parse(row.dataset.start ?? '')) / 1000);
  }
}

/** @param {string} id @param {string} words */
function text(id, words) {
  const element = document.getElementById(id);
  if (element && element.textContent !== words) element.textContent = words;
}

let isReading = false;
let isOutdated = false;

// If it is requested during a read, the list is read once again, at most once a second.
async function readRunning() {
  isOutdated = true;
  if (isReading) return;
  isReading = true;
  try {
    while (isOutdated) {
      isOutdated = false;
      await readRunningOnce();
      await new Promise(done => setTimeout(done, 1_000));
    }
  } finally {
    isReading = false;
  }
}

// The stream is open before the list is read, so that no change lies between the two.
async function readRunningOnce() {
  const url = new URL((main.dataset.stream ?? '').replace('/delta', ''), location.href);
  url.searchParams.set('$filter', "status eq 'running'");
  url.searchParams.set('$top', '100');
  const started = performance.now();
  // If the service cannot be reached, the list is read once the stream is open again.
  const response = await fetch(url, { cache: 'no-store' }).catch(() => undefined);
  if (!response?.ok) return;
  const hasChanged = (/** @type {string | null} */ id) => (known.get(id ?? '')?.at ?? 0) > started;
  const listed = new Set();
  for (const run of (await response.json()).value.reverse()) {
    listed.add(run.id);
    if (hasChanged(run.id) || running.querySelector(`[data-run="${CSS.escape(run.id)}"]`)) continue;
    running.prepend(runningRow(run));
  }
  for (const row of [...running.querySelectorAll('tr[data-run]')]) {
    const id = row.getAttribute('data-run');
    if (!listed.has(id) && !hasChanged(id)) row.remove();
  }
}

const follower = new Follower(main.dataset.stream ?? '', {
  onRuns(entries, isCatchUp) {
    for (const entry of entries) apply(entry);
    list();
    if (isCatchUp && entries.length > 1) text('state', `live; caught up, ${entries.length} changes`);
    tick();
  },
  onMany(count) {
    note('changes too many to list', count);
    void readRunning();
    tick();
  },
  onReset() {
    location.reload();
  },
  onState(state) {
    announce(state);
    if (state === 'live' || state === 'polling') void readRunning();
  },
});

bindControls(follower);
setInterval(tick, 1_000);
tick();
if (document.body.classList.contains('wall')) {
  const wake = () => navigator.wakeLock?.request('screen').catch(() => undefined);
  document.addEventListener('visibilitychange', () => document.hidden || wake());
  wake();
}
