/* Module `jquery` of the page: the part of jQuery's interface that widgets and these pages use.
 *
 * Not jQuery itself: collections, traversal, events with namespaces and delegation, classes,
 * attributes, forms, ajax, Deferred. Animation is instant; the `:selector` extensions are absent. */
(function (root) {
  'use strict';

  var store = new WeakMap(); // node -> {handlers, data}

  function $(what, context) {
    if (typeof what === 'function') { ready(what); return new Set$([document]); }
    return new Set$(nodesOf(what, context));
  }
  function Set$(nodes) {
    this.length = nodes.length;
    for (var i = 0; i < nodes.length; i++) { this[i] = nodes[i]; }
  }
  $.fn = Set$.prototype;
  $.fn.constructor = $;
  $.fn.jquery = '2.1.3-subset';

  function nodesOf(what, context) {
    if (!what) { return []; }
    if (what instanceof Set$) { return what.get(); }
    if (typeof what === 'string') {
      if (/^\s*</.test(what)) { return parse(what); }
      if (!context) { return slice(document.querySelectorAll(what)); }
      return $(context).find(what).get();
    }
    if (what.nodeType || what === root || typeof what.addEventListener === 'function') { return [what]; }
    return typeof what.length === 'number' ? slice(what) : [what];
  }
  function slice(list) { return Array.prototype.slice.call(list); }
  function parse(html) {
    var template = document.createElement('template');
    template.innerHTML = String(html).trim();
    return slice(template.content.childNodes);
  }
  function unique(nodes) { return nodes.filter(function (n, i) { return n && nodes.indexOf(n) === i; }); }
  function recordOf(node) {
    if (!store.has(node)) { store.set(node, { handlers: [], data: {} }); }
    return store.get(node);
  }
  function ready(fn) {
    if (document.readyState === 'loading') { document.addEventListener('DOMContentLoaded', function () { fn($); }); }
    else { Promise.resolve($).then(fn); }
  }

  $.each = function (list, fn) {
    if (list && typeof list.length === 'number') { for (var i = 0; i < list.length && fn.call(list[i], i, list[i]) !== false; i++) { /* fn does it */ } }
    else { Object.keys(list || {}).every(function (key) { return fn.call(list[key], key, list[key]) !== false; }); }
    return list;
  };
  $.extend = function () {
    var args = slice(arguments);
    var deep = typeof args[0] === 'boolean' ? args.shift() : false;
    var target = args.shift() || {};
    args.forEach(function (source) {
      Object.keys(source || {}).forEach(function (key) {
        var value = source[key];
        if (deep && $.isPlainObject(value)) { target[key] = $.extend(true, $.isPlainObject(target[key]) ? target[key] : {}, value); }
        else if (value !== undefined) { target[key] = value; }
      });
    });
    return target;
  };
  $.isPlainObject = function (v) { return Object.prototype.toString.call(v) === '[object Object]' && (!Object.getPrototypeOf(v) || Object.getPrototypeOf(v) === Object.prototype); };
  $.isFunction = function (v) { return typeof v === 'function'; };
  $.isArray = Array.isArray;
  $.isNumeric = function (v) { return !Array.isArray(v) && v - parseFloat(v) + 1 >= 0; };
  $.isEmptyObject = function (v) { return Object.keys(v || {}).length === 0; };
  $.map = function (list, fn) {
    var found = [];
    $.each(list, function (key, value) { found = found.concat(fn(value, key) === null ? [] : fn(value, key)); });
    return found;
  };
  $.grep = function (list, fn) { return list.filter(function (v, i) { return fn(v, i); }); };
  $.inArray = function (value, list) { return list ? list.indexOf(value) : -1; };
  $.trim = function (text) { return text === null || text === undefined ? '' : String(text).trim(); };
  $.proxy = function (fn, self) { return fn.bind(self); };
  $.noop = function () {};
  $.now = Date.now;
  $.parseJSON = JSON.parse;
  $.contains = function (outer, inner) { return outer !== inner && outer.contains(inner); };
  $.fn.extend = function (more) { return $.extend($.fn, more); };

  $.fn.get = function (n) { return n === undefined ? slice(this) : this[n < 0 ? this.length + n : n]; };
  $.fn.toArray = function () { return slice(this); };
  $.fn.each = function (fn) { slice(this).every(function (node, i) { return fn.call(node, i, node) !== false; }); return this; };
  $.fn.map = function (fn) {
    var found = [];
    this.each(function (i, node) { var v = fn.call(node, i, node); if (v !== null && v !== undefined) { found = found.concat(v); } });
    return new Set$(found);
  };
  $.fn.eq = function (n) { var node = this.get(n); return new Set$(node ? [node] : []); };
  $.fn.first = function () { return this.eq(0); };
  $.fn.last = function () { return this.eq(-1); };
  $.fn.slice = function () { return new Set$(Array.prototype.slice.apply(slice(this), arguments)); };
  $.fn.add = function (what) { return new Set$(unique(this.get().concat(nodesOf(what)))); };
  $.fn.index = function (what) { return what === undefined ? (this[0] ? slice(this[0].parentNode.children).indexOf(this[0]) : -1) : this.get().indexOf(nodesOf(what)[0]); };

  function matches(node, what) {
    if (typeof what === 'function') { return what.call(node, 0, node); }
    if (typeof what === 'string') {
      if (what === ':checked') { return Boolean(node.checked); }
      if (what === ':visible') { return Boolean(node.offsetParent || node === document.body); }
      return node.nodeType === 1 && node.matches(what);
    }
    return nodesOf(what).indexOf(node) !== -1;
  }
  $.fn.is = function (what) { return this.get().some(function (n) { return matches(n, what); }); };
  $.fn.filter = function (what) { return new Set$(this.get().filter(function (n, i) { return typeof what === 'function' ? what.call(n, i, n) : matches(n, what); })); };
  $.fn.not = function (what) { return new Set$(this.get().filter(function (n) { return !matches(n, what); })); };
  $.fn.has = function (what) { return this.filter(function () { return $(this).find(what).length > 0; }); };
  function walk(name, step) {
    $.fn[name] = function (what) {
      var found = [];
      this.each(function (_, node) { found = found.concat(step(node, what)); });
      found = new Set$(unique(found));
      return what && name !== 'find' && name !== 'closest' && name !== 'parentsUntil' ? found.filter(what) : found;
    };
  }
  function chain(node, key) { var found = []; while ((node = node[key])) { if (node.nodeType === 1) { found.push(node); } } return found; }
  walk('find', function (node, what) { return node.querySelectorAll ? slice(node.querySelectorAll(typeof what === 'string' ? what.replace(/^\s*>/, ':scope >') : '*')).filter(function (n) { return typeof what === 'string' || matches(n, what); }) : []; });
  walk('closest', function (node, what) { return node.closest ? [node.closest(what)] : []; });
  walk('parent', function (node) { return node.parentNode && node.parentNode.nodeType === 1 ? [node.parentNode] : []; });
  walk('parents', function (node) { return chain(node, 'parentNode'); });
  walk('children', function (node) { return slice(node.children || []); });
  walk('siblings', function (node) { return slice(node.parentNode ? node.parentNode.children : []).filter(function (n) { return n !== node; }); });
  walk('next', function (node) { return [node.nextElementSibling]; });
  walk('prev', function (node) { return [node.previousElementSibling]; });
  walk('nextAll', function (node) { return chain(node, 'nextSibling'); });
  walk('prevAll', function (node) { return chain(node, 'previousSibling'); });
  walk('contents', function (node) { return slice(node.contentDocument ? [node.contentDocument] : node.childNodes); });

  function insert(name, place) {
    $.fn[name] = function () {
      var args = slice(arguments);
      return this.each(function (i, target) {
        var nodes = [];
        args.forEach(function (what) {
          if (typeof what === 'function') { what = what.call(target, i, target.innerHTML); }
          nodes = nodes.concat(typeof what === 'string' && !/^\s*</.test(what) || typeof what === 'number' ? [document.createTextNode(what)] : nodesOf(what));
        });
        nodes.forEach(function (n, k) { nodes[k] = i ? n.cloneNode(true) : n; });
        place(target, nodes);
      });
    };
  }
  insert('append', function (t, nodes) { t.append.apply(t, nodes); });
  insert('prepend', function (t, nodes) { t.prepend.apply(t, nodes); });
  insert('before', function (t, nodes) { t.before.apply(t, nodes); });
  insert('after', function (t, nodes) { t.after.apply(t, nodes); });
  insert('replaceWith', function (t, nodes) { t.replaceWith.apply(t, nodes); });
  [['appendTo', 'append'], ['prependTo', 'prepend'], ['insertBefore', 'before'], ['insertAfter', 'after']].forEach(function (pair) {
    $.fn[pair[0]] = function (target) { $(target)[pair[1]](this); return this; };
  });
  $.fn.remove = $.fn.detach = function (what) { (what ? this.filter(what) : this).each(function () { this.remove ? this.remove() : this.parentNode && this.parentNode.removeChild(this); }); return this; };
  $.fn.empty = function () { return this.each(function () { this.textContent = ''; }); };
  $.fn.clone = function () { return new Set$(this.get().map(function (n) { return n.cloneNode(true); })); };
  $.fn.wrap = function (html) { return this.each(function () { var outer = parse(html)[0]; this.before(outer); outer.append(this); }); };
  $.fn.html = function (html) {
    if (html === undefined) { return this[0] ? this[0].innerHTML : undefined; }
    if (typeof html === 'object') { return this.empty().append(html); }
    return this.each(function () { this.innerHTML = html; });
  };
  $.fn.text = function (text) {
    if (text === undefined) { return this.get().map(function (n) { return n.textContent; }).join(''); }
    return this.each(function () { this.textContent = text; });
  };
  $.fn.val = function (value) {
    if (value === undefined) { return this[0] ? this[0].value : undefined; }
    return this.each(function () { this.value = value; });
  };

  function accessor(name, read, write) {
    $.fn[name] = function (key, value) {
      if (typeof key === 'object' && !Array.isArray(key)) { var self = this; Object.keys(key).forEach(function (k) { self[name](k, key[k]); }); return this; }
      if (value === undefined) { return this[0] ? read(this[0], key) : undefined; }
      return this.each(function (i) { write(this, key, typeof value === 'function' ? value.call(this, i, read(this, key)) : value); });
    };
  }
  accessor('attr', function (n, k) { var v = n.getAttribute ? n.getAttribute(k) : null; return v === null ? undefined : v; }, function (n, k, v) { if (v === null) { n.removeAttribute(k); } else { n.setAttribute(k, v); } });
  accessor('prop', function (n, k) { return n[k]; }, function (n, k, v) { n[k] = v; });
  accessor('css', function (n, k) { return getComputedStyle(n).getPropertyValue(kebab(k)); }, function (n, k, v) { n.style.setProperty(kebab(k), typeof v === 'number' && !/opacity|index|weight|flex|zoom/.test(k) ? v + 'px' : v); });
  function kebab(k) { return k.replace(/[A-Z]/g, function (c) { return '-' + c.toLowerCase(); }); }
  function datum(v) { try { return v === undefined ? undefined : JSON.parse(v); } catch (_) { return v; } }
  accessor('data', function (n, k) {
    var own = recordOf(n).data;
    if (k === undefined) { var all = {}; Object.keys(n.dataset || {}).forEach(function (key) { all[key] = datum(n.dataset[key]); }); return $.extend(all, own); }
    return k in own ? own[k] : datum(n.getAttribute ? (n.getAttribute('data-' + kebab(k)) === null ? undefined : n.getAttribute('data-' + kebab(k))) : undefined);
  }, function (n, k, v) { recordOf(n).data[k] = v; });
  $.fn.removeData = function (k) { return this.each(function () { delete recordOf(this).data[k]; }); };
  $.fn.removeAttr = function (names) { return this.each(function () { var n = this; names.split(/\s+/).forEach(function (k) { n.removeAttribute(k); }); }); };
  $.fn.removeProp = function (k) { return this.each(function () { delete this[k]; }); };
  function classes(name) {
    $.fn[name + 'Class'] = function (names, on) {
      return this.each(function () {
        var list = this.classList;
        var all = names === undefined ? slice(list || []) : String(names).split(/\s+/).filter(Boolean);
        all.forEach(function (c) { if (name === 'toggle') { list.toggle(c, on); } else { list[name](c); } });
      });
    };
  }
  classes('add'); classes('remove'); classes('toggle');
  $.fn.hasClass = function (name) { return this.get().some(function (n) { return n.classList && n.classList.contains(name); }); };

  function shown(on) { return function (_, done) { var fn = typeof _ === 'function' ? _ : done; this.each(function () { this.style.display = on ? '' : 'none'; if (on && getComputedStyle(this).display === 'none') { this.style.display = 'block'; } if (fn) { fn.call(this); } }); return this; }; }
  $.fn.show = $.fn.fadeIn = $.fn.slideDown = shown(true);
  $.fn.hide = $.fn.fadeOut = $.fn.slideUp = shown(false);
  $.fn.toggle = $.fn.slideToggle = $.fn.fadeToggle = function (on) { return this.each(function () { $(this)[(typeof on === 'boolean' ? on : getComputedStyle(this).display === 'none') ? 'show' : 'hide'](); }); };
  $.fn.stop = $.fn.finish = function () { return this; };
  $.fn.animate = function (css, time, done) { this.css(css); var fn = typeof time === 'function' ? time : done; if (typeof fn === 'function') { this.each(function () { fn.call(this); }); } return this; };
  $.fn.offset = function () { if (!this[0]) { return undefined; } var r = this[0].getBoundingClientRect(); return { top: r.top + root.scrollY, left: r.left + root.scrollX }; };
  $.fn.position = function () { return this[0] ? { top: this[0].offsetTop, left: this[0].offsetLeft } : undefined; };
  ['width', 'height'].forEach(function (name) {
    var key = name.charAt(0).toUpperCase() + name.slice(1);
    $.fn[name] = function (v) { return v === undefined ? (this[0] === root ? root['inner' + key] : this[0] ? this[0].getBoundingClientRect()[name] : undefined) : this.css(name, v); };
    $.fn['outer' + key] = function () { return this[0] ? this[0]['offset' + key] : undefined; };
    $.fn['inner' + key] = function () { return this[0] ? this[0]['client' + key] : undefined; };
  });
  $.fn.scrollTop = function (v) { if (v === undefined) { return this[0] ? this[0].scrollTop || 0 : 0; } return this.each(function () { this.scrollTop = v; }); };

  // Events: one listener per handler; custom events are DOM events, so both worlds hear them.
  function split(name) { var parts = name.split('.'); return { type: parts[0], spaces: parts.slice(1) }; }
  function wrapEvent(native, args) {
    var event = native.$ || {
      originalEvent: native, type: native.type, target: native.target, which: native.which || native.keyCode, keyCode: native.keyCode, key: native.key,
      pageX: native.pageX, pageY: native.pageY, clientX: native.clientX, clientY: native.clientY, ctrlKey: native.ctrlKey, shiftKey: native.shiftKey, altKey: native.altKey, metaKey: native.metaKey,
      button: native.button, relatedTarget: native.relatedTarget,
      preventDefault: function () { native.preventDefault(); }, isDefaultPrevented: function () { return native.defaultPrevented; },
      stopPropagation: function () { this.stopped = true; this.stoppedAt = this.currentTarget; native.stopPropagation(); }, stopImmediatePropagation: function () { this.stopped = true; native.stopImmediatePropagation(); }
    };
    native.$ = event;
    event.args = args || [];
    return event;
  }
  function on(self, names, selector, data, fn, once) {
    if (typeof names === 'object') { Object.keys(names).forEach(function (k) { on(self, k, selector, data, names[k], once); }); return self; }
    if (typeof selector === 'function') { fn = selector; selector = null; } else if (typeof data === 'function') { fn = data; data = undefined; if (typeof selector !== 'string') { data = selector; selector = null; } }
    return self.each(function () {
      var node = this;
      names.split(/\s+/).filter(Boolean).forEach(function (name) {
        var at = split(name);
        var handler = { type: at.type, spaces: at.spaces, selector: selector, fn: fn };
        handler.listener = function (native) {
          var event = wrapEvent(native, native.detail && native.detail.$args);
          // Stopped by a delegated handler of an inner node: outer ones do not hear it any more.
          if (event.stopped && event.stoppedAt !== node) { return; }
          var path = selector ? [] : [node];
          if (selector) { for (var n = native.target; n && n !== node; n = n.parentNode) { if (n.nodeType === 1 && n.matches(selector)) { path.push(n); } } }
          path.every(function (current) {
            if (native.detail && native.detail.$spaces && native.detail.$spaces.some(function (s) { return at.spaces.indexOf(s) === -1; })) { return true; }
            event.currentTarget = current; event.delegateTarget = node; event.data = data;
            if (once) { off(self, name, selector, fn); }
            if (fn.apply(current, [event].concat(event.args)) === false) { event.preventDefault(); event.stopPropagation(); }
            return !event.stopped;
          });
        };
        recordOf(node).handlers.push(handler);
        node.addEventListener(at.type === 'mouseenter' && selector ? 'mouseover' : at.type, handler.listener);
      });
    });
  }
  function off(self, names, selector, fn) {
    if (typeof selector === 'function') { fn = selector; selector = null; }
    return self.each(function () {
      var node = this; var record = recordOf(node);
      (names === undefined ? [''] : names.split(/\s+/)).forEach(function (name) {
        var at = split(name);
        record.handlers = record.handlers.filter(function (h) {
          var hit = (!at.type || h.type === at.type) && at.spaces.every(function (s) { return h.spaces.indexOf(s) !== -1; }) && (!selector || h.selector === selector) && (!fn || h.fn === fn);
          if (hit) { node.removeEventListener(h.type === 'mouseenter' && h.selector ? 'mouseover' : h.type, h.listener); }
          return !hit;
        });
      });
    });
  }
  $.fn.on = function (names, selector, data, fn) { return on(this, names, selector, data, fn, false); };
  $.fn.one = function (names, selector, data, fn) { return on(this, names, selector, data, fn, true); };
  $.fn.off = function (names, selector, fn) { return off(this, names, selector, fn); };
  $.fn.bind = $.fn.on; $.fn.unbind = $.fn.off;
  $.fn.delegate = function (selector, names, fn) { return this.on(names, selector, fn); };
  $.fn.trigger = function (name, args) {
    var at = split(typeof name === 'string' ? name : name.type);
    args = args === undefined ? [] : Array.isArray(args) ? args : [args];
    return this.each(function () {
      if (['click', 'focus', 'blur', 'submit', 'select'].indexOf(at.type) !== -1 && typeof this[at.type] === 'function' && !at.spaces.length && !args.length) { if (at.type === 'submit') { this.requestSubmit(); } else { this[at.type](); } return; }
      this.dispatchEvent(new CustomEvent(at.type, { bubbles: true, cancelable: true, detail: { $args: args, $spaces: at.spaces.length ? at.spaces : null } }));
    });
  };
  $.fn.triggerHandler = $.fn.trigger;
  ['click', 'change', 'submit', 'focus', 'blur', 'keydown', 'keyup', 'keypress', 'input', 'mouseenter', 'mouseleave', 'mousedown', 'mouseup', 'mousemove', 'scroll', 'resize', 'dblclick', 'load'].forEach(function (type) {
    $.fn[type] = function (fn) { return fn ? this.on(type, fn) : this.trigger(type); };
  });
  $.fn.hover = function (over, out) { return this.on('mouseenter', over).on('mouseleave', out || over); };
  $.fn.ready = function (fn) { ready(fn); return this; };
  $.Event = function (type, more) { return $.extend({ type: type }, more); };

  $.fn.serializeArray = function () { var found = []; this.each(function () { new FormData(this).forEach(function (value, name) { found.push({ name: name, value: value }); }); }); return found; };
  $.fn.serialize = function () { return $.param(this.serializeArray()); };
  $.param = function (data) {
    var pairs = [];
    function put(key, value) {
      if (Array.isArray(value)) { value.forEach(function (v, i) { put(key + '[' + (typeof v === 'object' ? i : '') + ']', v); }); }
      else if (value && typeof value === 'object') { Object.keys(value).forEach(function (k) { put(key + '[' + k + ']', value[k]); }); }
      else { pairs.push(encodeURIComponent(key) + '=' + encodeURIComponent(value === null || value === undefined ? '' : value)); }
    }
    if (Array.isArray(data)) { data.forEach(function (p) { put(p.name, p.value); }); } else { Object.keys(data || {}).forEach(function (k) { put(k, data[k]); }); }
    return pairs.join('&');
  };

  $.Deferred = function (init) {
    var state = 'pending'; var values = []; var lists = { done: [], fail: [], progress: [] };
    var deferred = {};
    function settle(kind, next) { return function () { if (state === 'pending') { state = next; values = slice(arguments); lists[kind].splice(0).forEach(function (fn) { fn.apply(deferred, values); }); } return deferred; }; }
    deferred.resolve = settle('done', 'resolved'); deferred.reject = settle('fail', 'rejected');
    deferred.resolveWith = function (_, args) { return deferred.resolve.apply(null, args || []); };
    deferred.rejectWith = function (_, args) { return deferred.reject.apply(null, args || []); };
    deferred.notify = function () { return deferred; };
    deferred.state = function () { return state; };
    function listen(kind, now) { return function () { slice(arguments).forEach(function (fn) { [].concat(fn).forEach(function (one) { if (typeof one !== 'function') { return; } if (state === now) { one.apply(deferred, values); } else if (state === 'pending') { lists[kind].push(one); } }); }); return this; }; }
    deferred.done = listen('done', 'resolved'); deferred.fail = listen('fail', 'rejected'); deferred.progress = function () { return this; };
    deferred.always = function () { deferred.done.apply(this, arguments); deferred.fail.apply(this, arguments); return this; };
    deferred.then = function (yes, no) {
      var next = $.Deferred();
      function step(fn, other) { return function () { if (typeof fn !== 'function') { next[other].apply(null, arguments); return; } var result; try { result = fn.apply(deferred, arguments); } catch (error) { next.reject(error); return; } if (result && typeof result.then === 'function') { result.then(function () { next.resolve.apply(null, arguments); }, function () { next.reject.apply(null, arguments); }); } else { next.resolve(result); } }; }
      deferred.done(step(yes, 'resolve')).fail(step(no, 'reject'));
      return next.promise();
    };
    deferred.catch = function (no) { return deferred.then(null, no); };
    deferred.promise = function (target) { return target ? $.extend(target, deferred) : deferred; };
    if (init) { init.call(deferred, deferred); }
    return deferred;
  };
  $.when = function () {
    var all = slice(arguments); var next = $.Deferred(); var left = all.length; var values = [];
    if (!left) { next.resolve(); }
    all.forEach(function (one, i) {
      function got() { values[i] = arguments.length > 1 ? slice(arguments) : arguments[0]; if (--left === 0) { next.resolve.apply(null, values); } }
      if (one && typeof one.then === 'function') { one.then(got, next.reject); } else { got(one); }
    });
    return next.promise();
  };

  $.ajax = function (url, options) {
    options = typeof url === 'string' ? $.extend({ url: url }, options) : url || {};
    var answer = $.Deferred(); var request = new XMLHttpRequest();
    var method = (options.method || options.type || 'GET').toUpperCase();
    var body = options.data; var address = options.url || location.href;
    if (body && typeof body === 'object' && options.processData !== false && !(body instanceof FormData)) { body = /json/.test(options.contentType || '') && method !== 'GET' ? JSON.stringify(body) : $.param(body); }
    if (body && method === 'GET') { address += (address.indexOf('?') === -1 ? '?' : '&') + body; body = undefined; }
    request.open(method, address);
    var headers = $.extend({}, options.headers);
    var foreign = new URL(address, location.href).origin !== location.origin;
    if (!foreign) { headers['X-Requested-With'] = 'XMLHttpRequest'; }
    if (body && options.contentType !== false && typeof body === 'string') { headers['Content-Type'] = options.contentType || 'application/x-www-form-urlencoded; charset=UTF-8'; }
    Object.keys(headers).forEach(function (k) { request.setRequestHeader(k, headers[k]); });
    if (options.timeout) { request.timeout = options.timeout; }
    request.withCredentials = Boolean(options.xhrFields && options.xhrFields.withCredentials);
    if (options.beforeSend && options.beforeSend.call(options, request, options) === false) { answer.reject(request, 'canceled'); return answer; }
    function finish(ok, first, status, last) { var args = [first, status, last]; if (ok && options.success) { options.success.apply(options.context || options, args); } if (!ok && options.error) { options.error.apply(options.context || options, args); } if (options.complete) { options.complete.call(options, request, status); } (ok ? answer.resolve : answer.reject).apply(null, args); }
    request.onload = function () {
      var type = options.dataType || (/json/.test(request.getResponseHeader('Content-Type') || '') ? 'json' : 'text'); var data = request.responseText;
      request.responseJSON = undefined; try { request.responseJSON = JSON.parse(data); } catch (_) { /* not JSON */ }
      if (request.status >= 200 && request.status < 300) {
        if (type === 'json' && request.status !== 204) { if (request.responseJSON === undefined) { finish(false, request, 'parsererror', 'parsererror'); return; } data = request.responseJSON; }
        finish(true, data, request.status === 204 ? 'nocontent' : 'success', request);
      } else { finish(false, request, 'error', request.statusText); }
    };
    request.onerror = function () { finish(false, request, 'error', ''); };
    request.ontimeout = function () { finish(false, request, 'timeout', 'timeout'); };
    request.send(body === undefined ? null : body);
    answer.abort = function () { request.abort(); finish(false, request, 'abort', 'abort'); return answer; };
    answer.setRequestHeader = request.setRequestHeader.bind(request);
    return answer;
  };
  function short(method, type) { return function (url, data, done, kind) { if (typeof data === 'function') { kind = done; done = data; data = undefined; } return $.ajax({ url: url, type: method, data: data, success: done, dataType: kind || type }); }; }
  $.get = short('GET'); $.post = short('POST'); $.getJSON = short('GET', 'json');
  $.getScript = function (url, done) { var answer = $.Deferred(); var script = document.createElement('script'); script.src = url; script.onload = function () { if (done) { done(); } answer.resolve(); }; script.onerror = answer.reject; document.head.appendChild(script); return answer; };
  $.ajaxSetup = $.noop;

  root.$ = root.jQuery = $;
  root.provide('jquery', $);
})(window);
