/*
 * The launcher and the panel the phone's frame stands in.
 *
 * The frame's messages are the bridge's business (lib/bridge.js); here is only where it is, whether
 * it is shown, and what the user does with its bar.
 */
define(['./bridge.js', './page.js', './style.js'], function (Bridge, page, STYLE) {
  'use strict';

  /* Panel size, pixels; the frame's own layout is made for this width. */
  var WIDTH = 380;
  var HEIGHT = 640;
  var BAR = 44;
  var MARGIN = 16;
  /* One step of moving the panel with the arrow keys, pixels. */
  var KEY_STEP = 24;
  var PLACE_KEY = 'dozvon_place';

  var HANDSET =
    '<svg viewBox="0 0 20 20" width="24" height="24" fill="currentColor" aria-hidden="true">' +
    '<path d="M4 3h3l1.5 4-1.9 1.4a9 9 0 0 0 5 5L13 11.5l4 1.5v3a1.5 1.5 0 0 1-1.6 1.5' +
    'A13.5 13.5 0 0 1 2.5 4.6 1.5 1.5 0 0 1 4 3z"/></svg>';

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

  /*
   * The launcher and the panel with the frame. `words` are the texts, `server` the frame's origin,
   * `onFrame(message, port)` hears what the frame says.
   */
  function Panel(words, server, onFrame) {
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
    var bridge = null;
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
      box.append(bar, frame);
      shadow.append(style, box, launcher);
      arrange();
      show(opened);
      paint();
      document.body.append(root);
    }

    function paint() {
      box.classList.toggle('dark', page.isDark());
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

    bridge = new Bridge(frame, server, '/widget/amocrm', function (message, port) {
      if (message.type === 'layout') { layout(message); } else { onFrame(message, port); }
    });

    this.bridge = bridge;

    this.refresh = function () {
      paint();
      bridge.refresh();
    };

    this.open = function () { choose(true, false); };
    this.arrange = arrange;
    this.root = root;

    this.remove = function () {
      bridge.close();
      if (title !== null) { document.title = title; }
      root.remove();
    };

    build();
  }

  return Panel;
});
