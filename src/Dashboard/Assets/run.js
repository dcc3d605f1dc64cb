// @ts-check
// The page of a run: renews itself, and ends or deletes the run by the public interface.

import './fresh.js';

const confirmTime = 5_000;

/** @param {HTMLButtonElement} button */
async function act(button) {
  const { method, url = '', etag = '', status, after } = button.dataset;
  const headers = new Headers({ 'If-Match': etag });
  let body;
  if (method === 'PATCH') {
    headers.set('Content-Type', 'application/json');
    body = JSON.stringify({ status, endDateTime: new Date().toISOString() });
  }
  const response = await fetch(url, { method, headers, body }).catch(() => undefined);
  if (response?.ok) {
    if (after) location.assign(after);
    else location.reload();
    return;
  }
  const answer = await response?.json().catch(() => undefined);
  const message = document.getElementById('action-error');
  const words = response ? `The service answered ${response.status}.` : 'The service cannot be reached.';
  if (message) message.textContent = answer?.error?.message ?? words;
}

document.addEventListener('click', event => {
  const button = event.target;
  if (!(button instanceof HTMLButtonElement) || !button.dataset.method) return;
  if (button.dataset.asked) {
    void act(button);
    return;
  }
  const words = button.textContent;
  button.dataset.asked = 'yes';
  button.textContent = 'Click again to confirm';
  setTimeout(() => {
    delete button.dataset.asked;
    button.textContent = words;
  }, confirmTime);
});
