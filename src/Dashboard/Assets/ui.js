// @ts-check
// What all pages share: times in the zone of the reader, buttons to copy, keys, the bar that says that a page or a part
// of it is under way, and the notice about a wrong clock.

const root = document.documentElement;
const base = document.body.dataset.base ?? '';
const ageInterval = 15_000;
const announcePause = 5_000;
const loadingDelay = 150;
// The service answers or gives up much earlier.
const longestNavigation = 30_000;

/** Returns true if the reader wants as little motion as possible. */
export function isMotionReduced() {
  return root.dataset.motion === 'reduced' || matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** The time zone of the reader; undefined for that of the browser. */
const zone = root.dataset.zone === 'local' ? undefined : root.dataset.zone;

/** @param {boolean} withSeconds */
function formatter(withSeconds) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = {
    timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
    hourCycle: 'h23', timeZoneName: 'short',
  };
  if (withSeconds) options.second = '2-digit';
  try {
    return new Intl.DateTimeFormat('en-CA', options);
  } catch {
    // The service knows more time zones than some browsers.
    return new Intl.DateTimeFormat('en-CA', { ...options, timeZone: undefined });
  }
}

/** The formats in use, by whether they have seconds. @type {Map<boolean, Intl.DateTimeFormat>} */
const formats = new Map();

/** The names of the zone of the browser, by its offset. @type {Map<number, string>} */
const zoneNames = new Map();

/** @param {number} number */
const two = number => String(number).padStart(2, '0');

/** @param {Date} time @param {boolean} withSeconds */
function textOf(time, withSeconds) {
  if (zone !== undefined) {
    const parts = partsOf(time, withSeconds);
    const clock = [parts.hour, parts.minute, parts.second].filter(Boolean).join(':');
    return `${parts.year}-${parts.month}-${parts.day} ${clock} ${parts.timeZoneName}`;
  }
  // Intl is slow, and most pages have a hundred times in the zone of the browser.
  const offset = time.getTimezoneOffset();
  let name = zoneNames.get(offset);
  if (name === undefined) zoneNames.set(offset, name = partsOf(time, false).timeZoneName ?? '');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}${withSeconds ? `:${two(time.getSeconds())}` : ''}`;
  return `${date} ${clock} ${name}`;
}

/** @param {Date} time @param {boolean} withSeconds @returns {Record<string, string>} */
function partsOf(time, withSeconds) {
  let format = formats.get(withSeconds);
  if (!format) formats.set(withSeconds, format = formatter(withSeconds));
  return Object.fromEntries(format.formatToParts(time).map(part => [part.type, part.value]));
}

/** Shows the times below an element in the zone of the reader. @param {ParentNode} parent */
export function showTimes(parent) {
  for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (parent.querySelectorAll('time[datetime]'))) {
    if ('age' in element.dataset) continue;
    element.textContent = textOf(new Date(element.dateTime), 'seconds' in element.dataset);
  }
}

/** The units of ages, in seconds. @type {[number, string][]} */
const ageUnits = [[365 * 86_400, 'year'], [86_400, 'day'], [3_600, 'hour'], [60, 'minute']];

/** The same words as those of the server (AgeText). @param {Date} time */
function ageOf(time) {
  const seconds = (Date.now() - time.getTime()) / 1000;
  const [size, unit] = ageUnits.find(entry => Math.abs(seconds) >= entry[0]) ?? [0, ''];
  const count = size > 0 ? Math.floor(Math.abs(seconds) / size) : 0;
  const words = size > 0 ? `${count} ${unit}${count === 1 ? '' : 's'}` : 'under a minute';
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

/** Says how long ago the times below an element were. @param {ParentNode} parent */
function showAges(parent) {
  for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (parent.querySelectorAll('time[data-age]'))) {
    const words = ageOf(new Date(element.dateTime));
    if (element.textContent !== words) element.textContent = words;
  }
}

/**
 * Makes an element.
 * @param {string} name @param {Record<string, string>} attributes @param {...(Node | string)} children
 */
export function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

let announcedAt = -announcePause;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let announcement;

/**
 * Says a text to screen readers. Of texts that follow each other fast, only the newest is said.
 * @param {string} text
 */
export function announce(text) {
  clearTimeout(announcement);
  announcement = setTimeout(() => say(text), Math.max(0, announcedAt + announcePause - performance.now()));
}

/** Says the answer to what the reader has just done. @param {string} text */
function say(text) {
  clearTimeout(announcement);
  announcedAt = performance.now();
  const region = document.getElementById('announce');
  if (region) region.textContent = text;
}

/**
 * Shows a bar at the top edge from 150 ms after the call until the returned function is called.
 * @param {'leaving' | 'renewing'} what Whether the page is left or a part of it is renewed.
 */
export function showLoading(what) {
  const timer = setTimeout(() => document.body.dataset[what] = 'yes', loadingDelay);
  return () => {
    clearTimeout(timer);
    delete document.body.dataset[what];
  };
}

// The old page stays until the first bytes of the next one.
function showNavigations() {
  let end = () => {};
  addEventListener('beforeunload', () => {
    end();
    const stop = showLoading('leaving');
    const timer = setTimeout(stop, longestNavigation);
    end = () => {
      clearTimeout(timer);
      stop();
    };
  });
  // A page that comes back is as before. The key Escape stops a navigation.
  addEventListener('pageshow', () => end());
  addEventListener('keydown', event => event.key === 'Escape' && end());
}

/** Says a text to everybody, for two seconds. @param {string} text */
function show(text) {
  say(text);
  const region = document.getElementById('announce');
  region?.classList.add('toast');
  setTimeout(() => region?.classList.remove('toast'), 2_000);
}

/** @param {ParentNode} parent */
function addCopyButtons(parent) {
  // Browsers offer the clipboard to pages of https and of this machine only.
  if (!navigator.clipboard) return;
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (parent.querySelectorAll('[data-copy]'))) {
    const { copy, copyName = 'Copy' } = element.dataset;
    const text = copy || (element.textContent ?? '');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = copyName;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(text.trim());
      button.textContent = 'Copied';
      say('Copied');
    });
    element.append(button);
  }
}

/** Offers the tables of charts as files. @param {ParentNode} parent */
function addDownloads(parent) {
  for (const table of /** @type {NodeListOf<HTMLTableElement>} */ (parent.querySelectorAll('figure details table'))) {
    const button = make('button', { type: 'button' }, 'Download this table as CSV');
    button.addEventListener('click', () => {
      const rows = [...table.rows].map(row => [...row.cells].map(cell => csvOf(cell.textContent ?? '')).join(','));
      const file = new Blob([`\uFEFF${rows.join('\r\n')}\r\n`], { type: 'text/csv' });
      const url = URL.createObjectURL(file);
      const name = table.closest('figure')?.querySelector('figcaption')?.textContent ?? 'chart';
      make('a', { href: url, download: `${name}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    });
    table.closest('details')?.append(button);
  }
}

/** A cell as in the CSV files of the service: numbers without spaces, and no formulas. @param {string} text */
function csvOf(text) {
  const plain = text.replace(/(?<=\d)\u202f(?=\d)/g, '').replace(/\s+/g, ' ').trim();
  const safe = /^[=+\-@]/.test(plain) ? `'${plain}` : plain;
  return /[",;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Returns the clock of the zone of the reader, as a control for dates shows it. @param {Date} time */
function clockOf(time) {
  const parts = partsOf(time, true);
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
}

/** Returns the instant at which the clock of the reader shows a text. @param {string} clock */
function instantOf(clock) {
  const wanted = Date.parse(`${clock}Z`);
  let instant = wanted;
  // The second step is for times near a change of the clock.
  for (let i = 0; i < 2; i++) instant += wanted - Date.parse(`${clockOf(new Date(instant))}Z`);
  return new Date(instant);
}

// The controls for dates show the zone of the reader, and the form sends UTC.
function convertDates() {
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[data-utc]'))) {
    const time = new Date(input.dataset.utc ?? '');
    if (!Number.isNaN(time.getTime())) input.value = clockOf(time);
  }
  document.addEventListener('formdata', event => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('[type=datetime-local]'))) {
      if (input.value) event.formData.set(input.name, instantOf(input.value).toISOString());
    }
  });
}

const pages = { o: '', r: '/runs', t: '/timeline', s: '/trends', l: '/live' };
let afterG = 0;

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches('input, textarea, select')) return;
  // The browser itself closes the list with the key Escape.
  const list = /** @type {HTMLDialogElement | null} */ (document.getElementById('keys'));
  if (list?.open) return;
  if (event.key === '?') {
    list?.showModal();
  } else if (event.key === 'c') {
    navigator.clipboard?.writeText(location.href).then(() => show('The link to this page is copied'));
  } else if (event.key === '/') {
    event.preventDefault();
    document.getElementById('quick')?.focus();
  } else if (event.key === 'g') {
    afterG = event.timeStamp;
  } else if (event.key in pages && event.timeStamp - afterG < 1500) {
    const href = `${base}/ui${pages[/** @type {keyof typeof pages} */ (event.key)]}`;
    if (document.querySelector(`nav a[href="${href}"]`)) location.assign(href);
  } else if (event.key === 'j' || event.key === 'k') {
    moveRow(event.key === 'j' ? 1 : -1);
  } else if (event.key === 'Escape' && history.length > 1) {
    history.back();
  }
}

/** @param {number} step */
function moveRow(step) {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('tr[data-run] th a')]);
  const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}

function showSkew() {
  const skew = Math.round((Date.now() - Date.parse(document.body.dataset.now ?? '')) / 1000);
  const notice = document.getElementById('skew');
  const navigation = performance.getEntriesByType('navigation')[0];
  const isFresh = navigation instanceof PerformanceNavigationTiming && navigation.type !== 'back_forward';
  if (notice && isFresh && Math.abs(skew) > 5) {
    notice.textContent = `The clock of this computer differs from the service by ${Math.abs(skew)} s`;
    notice.hidden = false;
  }
}

/** Completes the elements of a page or a part of it. @param {ParentNode} parent */
export function prepare(parent) {
  showTimes(parent);
  showAges(parent);
  addCopyButtons(parent);
  addDownloads(parent);
}

prepare(document);
convertDates();
showNavigations();
showSkew();
setInterval(() => showAges(document), ageInterval);
if (root.dataset.keys === 'on') document.addEventListener('keydown', onKey);
