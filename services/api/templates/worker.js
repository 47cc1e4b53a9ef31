// Shows what is pushed. A later push of the same tag replaces it: that an offer is over is said without a sound.
const words = {{ words|tojson }};
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('push', (event) => {
  const said = event.data ? event.data.json() : {};
  const asks = Boolean(said.until) && !said.over;
  const actions = asks ? ['claim', 'pass'].map((action) => ({ action, title: words[action] })) : [];
  event.waitUntil(self.registration.showNotification(said.title || 'Tipoff', {
    body: said.body, tag: said.tag, data: { url: said.url || '/bell' }, actions,
    silent: Boolean(said.over), renotify: Boolean(said.tag) && !said.over, requireInteraction: asks,
  }));
});

// As the form of the claim page does it: with the nonce of a page that this browser was shown.
const press = async (url, action) => {
  const page = await (await fetch(url, { credentials: 'same-origin' })).text();
  const nonce = page.match(/name="nonce" value="([^"]+)"/);
  if (nonce) await fetch(url, { method: 'POST', credentials: 'same-origin', body: new URLSearchParams({ action, nonce: nonce[1] }) });
};
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { url } = event.notification.data, { action } = event;
  event.waitUntil((async () => {
    // What could not be pressed here is still there on the page.
    if (action) await press(url, action).catch(() => {});
    await self.clients.openWindow(url);
  })());
});
