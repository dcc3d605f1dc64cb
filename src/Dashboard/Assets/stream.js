// @ts-check
// Follows the changes of runs: a stream of events, or polling if no stream can be opened. Also makes the elements that
// the pages with a stream share.

import { make } from './ui.js';

const silenceLimit = 45_000;
const hiddenDelay = 10_000;
const pollingTime = 60_000;
const retryDelays = [1_000, 3_000, 10_000];

/**
 * @typedef {object} Handlers
 * @property {(entries: any[], isCatchUp: boolean) => void} onRuns Called with changed and removed runs.
 * @property {(count: number) => void} onMany Called if there were too many changes to list.
 * @property {() => void} onReset Called if the page must be loaded again to be complete.
 * @property {(state: string) => void} [onState] Called with the state of the connection, in words.
 */

/** Follows the changes of the runs that a delta query selects. */
export class Follower {
  #url;
  #handlers;
  #place = '';
  #failures = 0;
  // The time to wait that the service has asked for, in milliseconds.
  #retry = 0;
  #isPaused = false;
  /** @type {AbortController | undefined} */
  #connection;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #lastSign = 0;
  #state = '';
  #isCatchingUp = false;

  /**
   * @param {string} url The URL of the delta query, without a token.
   * @param {Handlers} handlers
   */
  constructor(url, handlers) {
    this.#url = new URL(url, location.href);
    this.#handlers = handlers;
    document.addEventListener('visibilitychange', () => this.#onVisibility());
    setInterval(() => {
      if (this.#connection && performance.now() - this.#lastSign > silenceLimit) this.#connection.abort();
    }, 5_000);
    this.#start();
  }

  get isPaused() {
    return this.#isPaused;
  }

  /** Pauses or continues. A paused page holds no connection. */
  toggle() {
    this.#isPaused = !this.#isPaused;
    if (this.#isPaused) this.#stop('paused');
    else this.#start();
  }

  #onVisibility() {
    clearTimeout(this.#timer);
    if (this.#isPaused) return;
    if (document.hidden) {
      this.#timer = setTimeout(() => this.#stop('asleep, because the page is not visible'), hiddenDelay);
    } else if (!this.#connection) {
      this.#start();
    }
  }

  /** @param {string} state */
  #stop(state) {
    clearTimeout(this.#timer);
    this.#connection?.abort();
    this.#connection = undefined;
    this.#isCatchingUp = true;
    this.#say(state);
  }

  #start() {
    clearTimeout(this.#timer);
    this.#connection?.abort();
    const connection = new AbortController();
    this.#connection = connection;
    this.#lastSign = performance.now();
    const attempt = this.#failures >= retryDelays.length ? this.#poll(connection) : this.#stream(connection);
    attempt.catch(() => undefined).finally(() => {
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      this.#isCatchingUp = true;
      const delay = this.#retry || retryDelays[Math.min(this.#failures, retryDelays.length - 1)];
      this.#retry = 0;
      this.#failures++;
      if (!this.#isPaused && !document.hidden) {
        if (this.#state !== 'signed out') this.#timer = setTimeout(() => this.#start(), delay);
        if (this.#state === 'live') this.#say('connecting again');
        else if (this.#state !== 'signed out' && this.#failures > retryDelays.length) this.#say('offline');
      }
    });
  }

  /** @param {AbortController} connection */
  async #stream(connection) {
    if (!this.#state) this.#say('connecting');
    const headers = new Headers({ Accept: 'text/event-stream' });
    if (this.#place) headers.set('Last-Event-ID', this.#place);
    const response = await fetch(this.#url, { headers, signal: connection.signal, cache: 'no-store' });
    if (!this.#isUsable(response) || !response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      this.#lastSign = performance.now();
      const events = (rest + value).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) this.#take(event);
    }
  }

  /** @param {string} text One event of the stream. */
  #take(text) {
    let [type, id, data, retry] = ['message', '', '', 0];
    for (const line of text.split('\n')) {
      const [, name, value] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
      if (name === 'event') type = value;
      else if (name === 'id') id = value;
      else if (name === 'data') data += value;
      else if (name === 'retry') retry = Number(value) || 0;
    }
    if (id) this.#place = id;
    this.#retry = retry;
    if (type === 'ready') {
      this.#failures = 0;
      this.#say('live');
    } else if (type === 'runs') {
      this.#deliver(JSON.parse(data).value);
    } else if (type === 'many') {
      this.#handlers.onMany(JSON.parse(data).count);
    } else if (type === 'gone') {
      this.#reset();
    }
  }

  // The same changes by requests: the token of the stream is that of a delta query.
  /** @param {AbortController} connection */
  async #poll(connection) {
    const retryStreamAt = performance.now() + pollingTime;
    for (;;) {
      const started = performance.now();
      const url = new URL(this.#url);
      url.searchParams.set('$deltatoken', this.#place || 'latest');
      let next = url.href;
      while (next) {
        const response = await fetch(next, { signal: connection.signal, cache: 'no-store' });
        if (!this.#isUsable(response)) return;
        const page = await response.json();
        if (page.value.length > 0) this.#deliver(page.value);
        this.#place = new URL(page['@odata.deltaLink'] ?? location.href).searchParams.get('$deltatoken') ?? this.#place;
        next = page['@odata.nextLink'];
      }
      this.#say('polling');
      if (performance.now() > retryStreamAt) {
        // The stream may work again.
        this.#failures = 0;
        return;
      }
      this.#lastSign = performance.now();
      const wait = Math.min(Math.max(10_000, 4 * (performance.now() - started)), 30_000);
      await new Promise(resolve => setTimeout(resolve, wait));
      if (connection.signal.aborted) return;
    }
  }

  /** @param {Response} response */
  #isUsable(response) {
    if (response.status === 401 || response.status === 403) this.#say('signed out');
    if (response.status === 410) this.#reset();
    return response.ok;
  }

  /** @param {any[]} entries */
  #deliver(entries) {
    this.#handlers.onRuns(entries, this.#isCatchingUp);
    this.#isCatchingUp = false;
  }

  #reset() {
    this.#place = '';
    this.#handlers.onReset();
  }

  /** @param {string} state */
  #say(state) {
    if (state === this.#state) return;
    this.#state = state;
    document.body.dataset.live = state === 'live' ? 'connected' : state;
    const since = state === 'offline' ? ` since ${new Date().toLocaleTimeString()}` : '';
    const element = document.getElementById('state');
    if (element) element.textContent = state + since;
    this.#handlers.onState?.(state);
  }
}

/** Shows the state of the stream, with a button and the key `p` to pause it. @param {Follower} follower */
export function bindControls(follower) {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById('pause'));
  const toggle = () => {
    follower.toggle();
    button.textContent = follower.isPaused ? 'Continue' : 'Pause';
  };
  button.parentElement?.removeAttribute('hidden');
  button.addEventListener('click', toggle);
  document.addEventListener('keydown', event => {
    const target = /** @type {HTMLElement} */ (event.target);
    const isKey = event.key === 'p' && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isKey && document.documentElement.dataset.keys === 'on' && !target.matches('input, textarea')) toggle();
  });
}

const looks = {
  running: ['Running', 'running'], completed: ['Completed', 'completed'],
  completedWithWarnings: ['Completed, warnings', 'warnings'], completedWithErrors: ['Completed, errors', 'errors'],
  failed: ['Failed', 'failed'],
};

/** @param {string} status */
export function wordOf(status) {
  return looks[/** @type {keyof typeof looks} */ (status)]?.[0] ?? status;
}

/** @param {string} status */
export function label(status) {
  const [word, look] = looks[/** @type {keyof typeof looks} */ (status)] ?? [`Unknown (${status})`, 'unknown'];
  return make('span', { class: `status ${look}` }, word);
}

/** @param {number} seconds */
export function duration(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return h >= 24 ? `${Math.floor(h / 24)} d ${two(h % 24)} h` : h > 0 ? `${h} h ${two(m)} min`
    : m > 0 ? `${m} min ${two(s)} s` : `${s} s`;
}
