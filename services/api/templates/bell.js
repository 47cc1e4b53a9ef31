(() => {
  // Follows the bell and counts down by the board's clock. It answers no offer.
  const say = {{ words|tojson }};
  const at = (id) => document.getElementById(id);
  const NAME = 'tipoff-key', SHORTEST = 1000, LONGEST = 30000, PATIENCE = 15000;
  const kept = [sessionStorage, localStorage];
  let key = kept.map((one) => one.getItem(NAME)).find(Boolean), ahead = 0, loaded = false, stop;
  const items = new Map(), shown = new Map();

  const ask = async (path, method, body) => {
    const headers = { authorization: 'Bearer ' + key };
    if (body) headers['content-type'] = 'application/json';
    return fetch(path, { method: method || 'GET', headers, body: body && JSON.stringify(body), cache: 'no-store', signal: stop && stop.signal });
  };
  // A refusal is an error that says why, and for how long we are to leave it alone.
  const granted = async (answer) => {
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({})), pause = Number(answer.headers.get('retry-after')) || 0;
    throw Object.assign(new Error(problem.title || answer.status), { status: answer.status, pause: pause * 1000 });
  };
  const get = async (path) => granted(await ask(path));
  const state = (text) => { if (at('state').textContent !== text) at('state').textContent = text; };
  const now = () => Date.now() + ahead;
  const isOpen = (item) => item.stands === 'offered' && Date.parse(item.until) > now();
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  const card = (item) => {
    const row = element('li', 'card clock'), what = element('div', 'wide');
    const left = element('p', 'left');
    left.setAttribute('role', 'timer');
    left.setAttribute('aria-live', 'off');
    left.setAttribute('aria-label', say['time-left']);
    const claim = element('a', 'button wide', say['bell-claim']);
    claim.href = item.url;
    claim.setAttribute('aria-label', say['bell-claim'] + ': ' + item.title);
    what.append(element('h3', '', item.title), element('p', 'body', item.body));
    row.append(what, element('p', 'small', say['time-left']), left, claim);
    return { row, left, item };
  };
  const line = (item) => {
    const words = { over: say['bell-' + item.why], assigned: say['bell-yours'], offered: say['bell-expired'], missed: item.body };
    const row = element('li', item.stands === 'assigned' || item.stands === 'missed' ? '' : 'over');
    row.append(element('p', 'name', item.title), element('p', 'small', words[item.stands]));
    return row;
  };

  const render = () => {
    const all = [...items.values()];
    const open = all.filter(isOpen).sort((a, b) => Date.parse(a.until) - Date.parse(b.until));
    for (const [lead, one] of shown) {
      if (!open.includes(one.item)) { one.row.remove(); shown.delete(lead); }
    }
    open.forEach((item, place) => {
      if (!shown.has(item.lead)) shown.set(item.lead, card(item));
      const { row } = shown.get(item.lead), there = at('open').children[place];
      if (there !== row) at('open').insertBefore(row, there || null);
    });
    const earlier = all.filter((item) => !open.includes(item)).sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
    at('earlier').replaceChildren(...earlier.slice(0, 20).map(line));
    at('earlier-part').hidden = !earlier.length;
    document.title = (open.length ? '(' + open.length + ') ' : '') + say['bell-heading'] + ' · Tipoff';
    if (loaded) state(open.length ? say['bell-some'].replace('#', open.length) : say['bell-none']);
    tick();
  };
  const tick = () => {
    let over = false;
    for (const { left, row, item } of shown.values()) {
      const s = Math.max(0, Math.ceil((Date.parse(item.until) - now()) / 1000)), text = clock(s, say['days-left']);
      if (left.textContent !== text) left.textContent = text;
      row.classList.toggle('soon', s <= 60);
      over = over || s === 0;
    }
    if (over) render();
  };
  const inWords = (item) => JSON.stringify(Object.entries(item).sort());
  const take = (item) => {
    // What an admin hears of those who missed a lead stands beside the lead itself.
    const place = (item.stands === 'missed' ? 'missed-' : '') + item.lead, before = items.get(place);
    // What comes twice stays as it stands, with the keyboard's focus in it.
    if (before && inWords(before) === inWords(item)) return;
    items.set(place, item);
    if (loaded && isOpen(item) && !(before && isOpen(before))) at('said').textContent = say['bell-new'] + ' ' + item.title;
    const became = 'bell-' + (item.why || 'yours');
    if (loaded && !isOpen(item) && before && isOpen(before)) at('said').textContent = before.title + ': ' + say[became];
  };

  const follow = async (heard) => {
    const bell = await (await get('/v1/me/bell')).json();
    ahead = Date.parse(bell.now) - Date.now();
    bell.items.forEach(take);
    loaded = true;
    render();
    const reader = (await get('/v1/me/bell/stream')).body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      const events = (rest + value).split('\n\n');
      rest = events.pop();
      for (const event of events) {
        const data = event.split('\n').filter((part) => part.startsWith('data:')).map((part) => part.slice(5)).join('\n');
        if (data) take(JSON.parse(data));
      }
      render();
    }
  };
  const start = async () => {
    at('sign-in').hidden = true;
    state(say['bell-starting']);
    stop = new AbortController();
    let wait = SHORTEST;
    for (const mine = stop; !mine.signal.aborted;) {
      let pause = 0;
      try {
        const me = await (await get('/v1/me')).json();
        at('who').textContent = say['bell-for'].replace('#', me.entity_name || '').replace('~', me.name || me.agent || '');
        at('inside').hidden = false;
        // It is back once it tells something: what only opens may break again at once.
        await follow(() => { wait = SHORTEST; });
      } catch (error) {
        if (mine.signal.aborted) return;
        if (error.status === 401) return leave(say['bell-refused']);
        if (error.status === 403) return leave(say['bell-not-agent']);
        pause = error.pause || 0;
      }
      state(say['bell-away']);
      await new Promise((again) => setTimeout(again, Math.max(wait, pause)));
      wait = Math.min(wait * 2, LONGEST);
    }
  };
  const leave = (why) => {
    if (stop) stop.abort();
    kept.forEach((one) => one.removeItem(NAME));
    key = undefined;
    loaded = false;
    items.clear();
    render();
    at('inside').hidden = true;
    at('sign-in').hidden = false;
    at('who').textContent = 'Tipoff';
    state(why);
    at('key').focus();
  };

  const told = (text) => { at('device').setAttribute('role', 'status'); at('device').textContent = text; };
  const subscribe = async () => {
    told(say['bell-asking']);
    if (await Notification.requestPermission() !== 'granted') return told(say['bell-not-allowed']);
    const server = (await (await get('/v1/push-key')).json()).key;
    await navigator.serviceWorker.register('/bell/worker.js?lang=' + document.documentElement.lang, { scope: '/bell' });
    const worker = await navigator.serviceWorker.ready;
    const asked = worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: server });
    const silent = new Promise((_, no) => setTimeout(() => no(new Error(say['bell-push-silent'])), PATIENCE));
    const made = (await Promise.race([asked, silent])).toJSON();
    await granted(await ask('/v1/me/push-subscriptions', 'POST', { endpoint: made.endpoint, keys: made.keys }));
    const tested = await ask('/v1/me/channels/push/test', 'POST', {});
    told(say[tested.ok || tested.status === 429 ? 'bell-tested' : 'bell-subscribed']);
  };
  const apple = /iPhone|iPad/.test(navigator.userAgent);
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) {
    at('subscribe').hidden = true;
    told(say[apple ? 'bell-home-screen' : 'bell-no-push']);
  }
  at('subscribe').addEventListener('click', () => {
    subscribe().catch((error) => told(say['bell-push-failed'].replace('#', error.message)));
  });

  at('sign-in').addEventListener('submit', (event) => {
    event.preventDefault();
    key = at('key').value.trim();
    at('key').value = '';
    kept[at('stay').checked ? 1 : 0].setItem(NAME, key);
    // The form goes, and whoever uses the keyboard goes on from the top.
    const top = document.querySelector('h1');
    top.tabIndex = -1;
    top.focus();
    start();
  });
  at('sign-out').addEventListener('click', () => leave(say['bell-signed-out']));
  setInterval(tick, 250);
  if (key) start(); else leave(say['bell-lead']);
})();
