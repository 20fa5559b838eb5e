/*
 * Dozvon in an amoCRM page: a launcher and a bridge, nothing more.
 *
 * The phone itself (cards, socket, state) lives in a frame of the Dozvon server's origin. This
 * module proves to that server who the user is (amoCRM's disposable token), hands the session to
 * the frame over a MessageChannel, and gives the frame room on the page. The server's address is
 * the one setting.
 *
 * Messages are exchanged with exactly one origin and exactly one window; after the handshake they
 * travel over a private port.
 */
define(['jquery'], function ($) {
  'use strict';

  /* Must equal BRIDGE_VERSION of the frame. */
  var BRIDGE_VERSION = 1;
  /* After a failed session request: first wait and the longest, milliseconds. */
  var FIRST_RETRY_MS = 2000;
  var LONGEST_RETRY_MS = 60000;
  /* Panel size, pixels; the frame's own layout is made for this width. */
  var WIDTH = 380;
  var HEIGHT = 640;
  var BAR = 44;
  var MARGIN = 16;
  /* One step of moving the panel with the arrow keys, pixels. */
  var KEY_STEP = 24;
  var PLACE_KEY = 'dozvon_place';

  var STYLE = [
    ':host { all: initial; position: fixed; z-index: 1000; inset: auto 0 0 auto; }',
    '* { box-sizing: border-box; font: 14px/20px system-ui, sans-serif; }',
    '.panel, .launcher { position: fixed; color: #15202b; background: #fff; }',
    '.panel { display: flex; flex-direction: column; border: 1px solid #dbe1e6; border-radius: 12px;',
    '  overflow: hidden; box-shadow: 0 8px 32px rgb(21 32 43 / 22%); }',
    '.panel[data-shown="false"] { visibility: hidden; pointer-events: none; }',
    '.panel[data-ringing="true"] { border-color: #0f766e; box-shadow: 0 0 0 2px #0f766e, 0 8px 32px rgb(21 32 43 / 22%); }',
    '.bar { display: flex; flex: none; align-items: stretch; height: 44px; background: #f6f8f9; }',
    '.grip { flex: 1; padding: 0 16px; text-align: left; font-weight: 600; cursor: move; touch-action: none; }',
    'button { border: 0; color: inherit; background: none; cursor: pointer; }',
    'button:focus-visible { outline: 2px solid #0f766e; outline-offset: -2px; }',
    '.tool { width: 44px; font-size: 18px; }',
    '.tool:hover { background: #e3e8ec; }',
    'iframe { flex: 1; width: 100%; border: 0; background: #fff; }',
    '.launcher { right: 16px; bottom: 16px; display: flex; align-items: center; justify-content: center;',
    '  width: 52px; height: 52px; border-radius: 50%; color: #fff; background: #0f766e;',
    '  box-shadow: 0 4px 16px rgb(21 32 43 / 30%); }',
    '.launcher[data-edge="true"] { right: 0; width: 24px; height: 44px; border-radius: 12px 0 0 12px; opacity: 0.75; }',
    '.launcher[data-edge="true"] svg { width: 14px; }',
    '.launcher[hidden] { display: none; }',
    '.dark { color: #e8edf1; background: #151b21; border-color: #333f4a; }',
    '.dark .bar { background: #1d252d; }',
    '.dark .tool:hover { background: #333f4a; }',
    '.dark iframe { background: #151b21; }'
  ].join('\n');

  var HANDSET =
    '<svg viewBox="0 0 20 20" width="24" height="24" fill="currentColor" aria-hidden="true">' +
    '<path d="M4 3h3l1.5 4-1.9 1.4a9 9 0 0 0 5 5L13 11.5l4 1.5v3a1.5 1.5 0 0 1-1.6 1.5' +
    'A13.5 13.5 0 0 1 2.5 4.6 1.5 1.5 0 0 1 4 3z"/></svg>';

  /* The address without its path, or null when it is none that a page may trust. */
  function originOf(address) {
    try {
      var url = new URL(String(address || '').trim());
      var local = url.hostname === 'localhost' || /\.localhost$/.test(url.hostname);
      return url.protocol === 'https:' || (url.protocol === 'http:' && local) ? url.origin : null;
    } catch (error) {
      return null;
    }
  }

  function remember(place) {
    try {
      localStorage.setItem(PLACE_KEY, JSON.stringify(place));
    } catch (error) {
      /* Storage is blocked: the panel starts in its corner next time. */
    }
  }

  function remembered() {
    try {
      return JSON.parse(localStorage.getItem(PLACE_KEY)) || {};
    } catch (error) {
      return {};
    }
  }

  function isDark() {
    return document.documentElement.getAttribute('data-color-scheme') === 'dark';
  }

  /*
   * The launcher and the panel with the frame. `words` are the texts, `server` the frame's origin,
   * `onFrame(message)` hears what the frame says.
   */
  function Panel(words, server, locale, onFrame) {
    var place = remembered();
    var root = document.createElement('div');
    var shadow = root.attachShadow({ mode: 'open' });
    var box = document.createElement('div');
    var frame = document.createElement('iframe');
    var launcher = button('launcher', words.open, HANDSET);
    var grip = button('grip', words.move, '');
    /* What the user chose; a ringing call shows the panel whatever it is. */
    var opened = place.opened === true;
    var mode = 'collapsed';
    var port = null;
    var title = null;

    function button(name, label, html) {
      var made = document.createElement('button');
      made.type = 'button';
      made.className = name;
      made.title = label;
      made.setAttribute('aria-label', label);
      made.innerHTML = html;
      return made;
    }

    function show(on) {
      box.setAttribute('data-shown', String(on));
      box.setAttribute('aria-hidden', String(!on));
      frame.tabIndex = on ? 0 : -1;
      launcher.hidden = on;
      launcher.setAttribute('data-edge', String(place.hidden === true));
    }

    function choose(open, hidden) {
      opened = open;
      place.opened = open;
      place.hidden = hidden;
      remember(place);
      show(open);
      (open ? grip : launcher).focus();
    }

    /* Keeps the panel on the screen whatever the window's size. */
    function arrange() {
      var width = Math.min(WIDTH, window.innerWidth - 2 * MARGIN);
      var height = Math.min(HEIGHT + BAR, window.innerHeight - 2 * MARGIN);
      var left = place.left === undefined ? window.innerWidth - width - MARGIN : place.left;
      var top = place.top === undefined ? window.innerHeight - height - MARGIN : place.top;
      left = Math.max(0, Math.min(left, window.innerWidth - width));
      top = Math.max(0, Math.min(top, window.innerHeight - height));
      box.style.cssText =
        'width:' + width + 'px;height:' + height + 'px;left:' + left + 'px;top:' + top + 'px';
      return { left: left, top: top };
    }

    function move(left, top) {
      place.left = left;
      place.top = top;
      arrange();
    }

    grip.addEventListener('pointerdown', function (event) {
      var at = arrange();
      var x = event.clientX - at.left;
      var y = event.clientY - at.top;
      function drag(next) {
        move(next.clientX - x, next.clientY - y);
      }
      function drop() {
        grip.removeEventListener('pointermove', drag);
        grip.removeEventListener('pointerup', drop);
        grip.removeEventListener('pointercancel', drop);
        remember(place);
      }
      grip.setPointerCapture(event.pointerId);
      grip.addEventListener('pointermove', drag);
      grip.addEventListener('pointerup', drop);
      grip.addEventListener('pointercancel', drop);
    });

    grip.addEventListener('keydown', function (event) {
      var step = {
        ArrowLeft: [-KEY_STEP, 0],
        ArrowRight: [KEY_STEP, 0],
        ArrowUp: [0, -KEY_STEP],
        ArrowDown: [0, KEY_STEP]
      }[event.key];
      if (!step) { return; }
      var at = arrange();
      move(at.left + step[0], at.top + step[1]);
      remember(place);
      event.preventDefault();
    });

    function build() {
      var style = document.createElement('style');
      var bar = document.createElement('div');
      var minimise = button('tool', words.minimise, '&#8211;');
      var hide = button('tool', words.hide, '&#215;');
      style.textContent = STYLE;
      bar.className = 'bar';
      grip.textContent = words.product;
      minimise.addEventListener('click', function () { choose(false, false); });
      hide.addEventListener('click', function () { choose(false, true); });
      launcher.addEventListener('click', function () { choose(true, false); });
      bar.append(grip, minimise, hide);
      box.className = 'panel';
      box.setAttribute('role', 'region');
      box.setAttribute('aria-label', words.product);
      frame.title = words.product;
      frame.allow = 'microphone; autoplay; speaker-selection; clipboard-write';
      frame.src =
        server + '/widget/amocrm?origin=' + encodeURIComponent(location.origin) +
        '&locale=' + encodeURIComponent(locale);
      box.append(bar, frame);
      shadow.append(style, box, launcher);
      arrange();
      show(opened);
      paint();
      document.body.append(root);
    }

    function paint() {
      box.classList.toggle('dark', isDark());
    }

    function page() {
      return { locale: locale, theme: isDark() ? 'dark' : 'light' };
    }

    function layout(message) {
      var before = mode;
      mode = message.mode;
      box.setAttribute('data-ringing', String(mode === 'ringing'));
      if (mode === 'ringing' && before !== 'ringing') { show(true); }
      if (mode === 'collapsed' && before !== 'collapsed') { show(opened); }
      if (message.alert && title === null) { title = document.title; }
      if (message.alert) { document.title = String(message.alert); }
      if (!message.alert && title !== null) {
        document.title = title;
        title = null;
      }
    }

    this.isReady = function (event) {
      var data = event.data;
      return event.origin === server && event.source === frame.contentWindow &&
        data !== null && typeof data === 'object' &&
        data.dozvon === BRIDGE_VERSION && data.type === 'ready';
    };

    /* Gives the frame its session and a port nobody else can reach. */
    this.connect = function (session) {
      var channel = new MessageChannel();
      if (port) { port.close(); }
      port = channel.port1;
      port.onmessage = function (event) {
        var message = event.data || {};
        if (message.type === 'layout') { layout(message); } else { onFrame(message); }
      };
      frame.contentWindow.postMessage(
        $.extend({ dozvon: BRIDGE_VERSION, type: 'connect', token: session.token, expires_at: session.expires_at }, page()),
        server,
        [channel.port2]
      );
    };

    this.tell = function (message) {
      if (port) { port.postMessage(message); }
    };

    this.refresh = function () {
      paint();
      this.tell($.extend({ type: 'page' }, page()));
    };

    this.open = function () { choose(true, false); };
    this.arrange = arrange;
    this.reload = function () { frame.src = String(frame.src); };
    this.root = root;

    this.remove = function () {
      if (port) { port.close(); }
      if (title !== null) { document.title = title; }
      root.remove();
    };

    build();
  }

  return function CustomWidget() {
    var self = this;
    var panel = null;
    /* The promise of the present session; asked for again when it ends. */
    var session = null;
    var server = null;
    /* Undoes what was added to the page. */
    var undo = [];
    var stopped = false;

    function listen(target, name, handler) {
      target.addEventListener(name, handler);
      undo.push(function () { target.removeEventListener(name, handler); });
    }

    function openSession() {
      return new Promise(function (done, failed) {
        self.$authorizedAjax({
          url: server + '/api/amocrm/session',
          type: 'POST',
          method: 'POST',
          contentType: 'application/json',
          dataType: 'json',
          data: '{}'
        }).then(done, failed);
      });
    }

    /* A user without a phone gets no panel; a server that is away is asked again, ever slower. */
    function start(wait) {
      session = openSession();
      session.then(draw, function (reply) {
        var status = reply && reply.status;
        if (stopped || status === 401 || status === 403 || status === 404) { return; }
        setTimeout(function () {
          if (!stopped) { start(Math.min(wait * 2, LONGEST_RETRY_MS)); }
        }, wait * (0.5 + Math.random()));
      });
    }

    function draw() {
      if (panel || stopped) { return; }
      panel = new Panel(self.i18n('userLang'), server, APP.lang_id || 'ru', heard);
      listen(window, 'message', function (event) {
        if (panel && panel.isReady(event)) {
          session.then(function (fresh) { if (panel) { panel.connect(fresh); } });
        }
      });
      listen(window, 'resize', panel.arrange);
      var theme = new MutationObserver(function () { panel.refresh(); });
      theme.observe(document.documentElement, { attributeFilter: ['data-color-scheme'] });
      undo.push(function () { theme.disconnect(); });
      addMenuButton();
    }

    /* The left menu's phone button brings a hidden panel back; not every page version has it. */
    function addMenuButton() {
      if (!APP.widgets || typeof APP.widgets.notificationsPhone !== 'function') { return; }
      APP.widgets.notificationsPhone({ ns: self.ns, click: function () { panel.open(); } });
      undo.push(function () {
        if (typeof APP.widgets.destroyNotificationsPhone === 'function') {
          APP.widgets.destroyNotificationsPhone({ ns: self.ns });
        }
      });
    }

    function heard(message) {
      if (message.type === 'navigate') { navigate(message.url); }
      if (message.type === 'calling' && APP.sdk) { APP.sdk.setCallingStatus(message.on === true); }
      if (message.type === 'sign_in') {
        session = openSession();
        session.then(panel.reload, function () {
          /* The frame keeps saying that the session is over; its button asks again. */
        });
      }
    }

    /* Records of this account open in the page itself, anything else in a tab of its own. */
    function navigate(address) {
      var url;
      try {
        url = new URL(String(address), location.href);
      } catch (error) {
        return;
      }
      if (url.protocol !== 'https:' && url.protocol !== 'http:') { return; }
      if (url.origin !== location.origin) {
        window.open(url.href, '_blank', 'noopener');
        return;
      }
      var link = document.createElement('a');
      link.href = url.pathname + url.search;
      link.className = 'js-navigate-link';
      panel.root.append(link);
      link.click();
      link.remove();
    }

    function stop() {
      stopped = true;
      undo.splice(0).forEach(function (one) { one(); });
      if (panel) { panel.remove(); }
      panel = null;
    }

    this.callbacks = {
      render: function () {
        if (panel) {
          panel.refresh();
          return true;
        }
        server = originOf(self.get_settings().server);
        if (server && !session) {
          stopped = false;
          start(FIRST_RETRY_MS);
        }
        return true;
      },
      init: function () {
        return true;
      },
      bind_actions: function () {
        self.add_action('phone', function (data) {
          var number = String((data && data.value) || '').replace(/[^\d+*#]/g, '');
          if (panel && number) {
            panel.open();
            panel.tell({ type: 'dial', number: number });
          }
        });
        return true;
      },
      settings: function () {
        return true;
      },
      onSave: function (data) {
        return data.active === 'N' || originOf(data.fields && data.fields.server) !== null;
      },
      destroy: function () {
        stop();
        session = null;
      }
    };
    return this;
  };
});
