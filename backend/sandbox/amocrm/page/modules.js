/* Named modules a widget may ask for: small modules with the members widgets use, in the names of
 * the libraries they stand for. What is missing here is missing on purpose: see each head. */
(function (root) {
  'use strict';
  var $ = root.$;

  /* underscore: collections, objects, functions, templates */
  var _ = function (value) { return value; };
  _.each = _.forEach = function (list, fn, self) { $.each(list || [], function (k, v) { fn.call(self, v, k, list); }); return list; };
  _.map = _.collect = function (list, fn) { var out = []; _.each(list, function (v, k) { out.push(typeof fn === 'function' ? fn(v, k, list) : v && v[fn]); }); return out; };
  _.pluck = function (list, key) { return _.map(list, function (v) { return v[key]; }); };
  _.filter = _.select = function (list, fn) { var out = []; _.each(list, function (v, k) { if (test(fn)(v, k)) { out.push(v); } }); return out; };
  _.reject = function (list, fn) { return _.filter(list, function (v, k) { return !test(fn)(v, k); }); };
  _.find = _.detect = function (list, fn) { return _.filter(list, fn)[0]; };
  _.where = _.filter; _.findWhere = _.find;
  _.reduce = function (list, fn, start) { _.each(list, function (v, k) { start = fn(start, v, k); }); return start; };
  _.some = _.any = function (list, fn) { return _.filter(list, fn || Boolean).length > 0; };
  _.every = _.all = function (list, fn) { return _.reject(list, fn || Boolean).length === 0; };
  _.contains = _.includes = function (list, value) { return _.values(list).indexOf(value) !== -1; };
  _.sortBy = function (list, fn) { return _.values(list).sort(function (a, b) { var x = pick(fn, a); var y = pick(fn, b); return x < y ? -1 : x > y ? 1 : 0; }); };
  _.groupBy = function (list, fn) { return _.reduce(list, function (out, v) { var k = pick(fn, v); (out[k] = out[k] || []).push(v); return out; }, {}); };
  _.indexBy = function (list, fn) { return _.reduce(list, function (out, v) { out[pick(fn, v)] = v; return out; }, {}); };
  _.size = function (list) { return _.values(list).length; };
  _.toArray = _.values = function (list) { return Array.isArray(list) ? list.slice() : Object.keys(list || {}).map(function (k) { return list[k]; }); };
  _.keys = function (o) { return Object.keys(o || {}); };
  _.pairs = function (o) { return Object.entries(o || {}); };
  _.object = function (pairs) { return Object.fromEntries(pairs); };
  _.invert = function (o) { return Object.fromEntries(Object.entries(o).map(function (p) { return [p[1], p[0]]; })); };
  _.first = function (l) { return l && l[0]; }; _.last = function (l) { return l && l[l.length - 1]; };
  _.uniq = function (l) { return (l || []).filter(function (v, i) { return l.indexOf(v) === i; }); };
  _.compact = function (l) { return (l || []).filter(Boolean); };
  _.flatten = function (l) { return (l || []).flat(Infinity); };
  _.without = function (l) { var gone = [].slice.call(arguments, 1); return l.filter(function (v) { return gone.indexOf(v) === -1; }); };
  _.difference = function (l, other) { return l.filter(function (v) { return other.indexOf(v) === -1; }); };
  _.union = function () { return _.uniq([].concat.apply([], arguments)); };
  _.range = function (from, to) { if (to === undefined) { to = from; from = 0; } var out = []; for (; from < to; from++) { out.push(from); } return out; };
  _.extend = _.assign = function () { return Object.assign.apply(null, arguments); };
  _.defaults = function (o, more) { return Object.assign(o, Object.assign({}, more, o)); };
  _.clone = function (o) { return Array.isArray(o) ? o.slice() : Object.assign({}, o); };
  _.pick = function (o) { var keys = _.flatten([].slice.call(arguments, 1)); return Object.fromEntries(Object.entries(o).filter(function (p) { return keys.indexOf(p[0]) !== -1; })); };
  _.omit = function (o) { var keys = _.flatten([].slice.call(arguments, 1)); return Object.fromEntries(Object.entries(o).filter(function (p) { return keys.indexOf(p[0]) === -1; })); };
  _.has = function (o, k) { return Object.prototype.hasOwnProperty.call(o || {}, k); };
  _.isEqual = function (a, b) { return JSON.stringify(a) === JSON.stringify(b); };
  _.isArray = Array.isArray;
  _.isEmpty = function (o) { return o === null || o === undefined || (typeof o === 'string' ? !o : _.size(o) === 0); };
  _.isObject = function (o) { return o !== null && (typeof o === 'object' || typeof o === 'function'); };
  [['isFunction', 'function'], ['isString', 'string'], ['isNumber', 'number'], ['isBoolean', 'boolean'], ['isUndefined', 'undefined']].forEach(function (p) { _[p[0]] = function (v) { return typeof v === p[1]; }; });
  _.isNull = function (v) { return v === null; };
  _.isDate = function (v) { return v instanceof Date; };
  _.identity = function (v) { return v; }; _.noop = function () {};
  _.bind = function (fn, self) { return fn.bind.apply(fn, [].slice.call(arguments, 1)); };
  _.bindAll = function (o) { [].slice.call(arguments, 1).forEach(function (k) { o[k] = o[k].bind(o); }); return o; };
  _.partial = function (fn) { return fn.bind.apply(fn, [null].concat([].slice.call(arguments, 1))); };
  _.once = function (fn) { var done; var value; return function () { if (!done) { done = true; value = fn.apply(this, arguments); } return value; }; };
  _.defer = function (fn) { return setTimeout(fn, 1); };
  _.delay = function (fn, ms) { return setTimeout(fn, ms); };
  _.debounce = function (fn, ms) { var timer; return function () { var self = this; var args = arguments; clearTimeout(timer); timer = setTimeout(function () { fn.apply(self, args); }, ms); }; };
  _.throttle = function (fn, ms) { var last = 0; return function () { if (Date.now() - last >= ms) { last = Date.now(); return fn.apply(this, arguments); } return undefined; }; };
  _.uniqueId = (function () { var n = 0; return function (prefix) { n += 1; return (prefix || '') + n; }; })();
  _.escape = function (text) { return String(text === null || text === undefined ? '' : text).replace(/[&<>"']/g, function (c) { return { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }[c]; }); };
  _.chain = function (value) {
    var link = { value: function () { return value; } };
    ['map', 'filter', 'reject', 'sortBy', 'groupBy', 'values', 'keys', 'uniq', 'compact', 'pluck', 'each', 'first', 'flatten', 'where', 'find'].forEach(function (name) { link[name] = function () { return _.chain(_[name].apply(_, [value].concat([].slice.call(arguments)))); }; });
    return link;
  };
  function test(fn) { if (typeof fn === 'function') { return fn; } if (typeof fn === 'object') { return function (v) { return Object.keys(fn).every(function (k) { return v[k] === fn[k]; }); }; } return function (v) { return v && v[fn]; }; }
  function pick(fn, v) { return typeof fn === 'function' ? fn(v) : v[fn]; }

  /* moment: parsing of dates and Unix seconds, format, add/subtract, diff, fromNow in Russian */
  function moment(value, format) {
    var at = value === undefined ? new Date() : value && value.toDate ? value.toDate() : typeof value === 'string' && format ? parseDate(value, format) : new Date(value);
    var UNITS = { s: 1e3, second: 1e3, m: 6e4, minute: 6e4, h: 36e5, hour: 36e5, d: 864e5, day: 864e5, w: 6048e5, week: 6048e5, ms: 1, millisecond: 1 };
    function unit(name) { return UNITS[name] || UNITS[String(name).replace(/s$/, '')] || 1; }
    var self = {
      toDate: function () { return new Date(at); }, valueOf: function () { return at.getTime(); }, unix: function () { return Math.floor(at.getTime() / 1000); },
      isValid: function () { return !isNaN(at); }, clone: function () { return moment(at); }, toISOString: function () { return at.toISOString(); }, locale: function () { return self; }, utc: function () { return self; },
      format: function (f) { return (f || 'YYYY-MM-DDTHH:mm:ss').replace(/\[([^\]]*)\]|YYYY|YY|MM|DD|HH|H|mm|ss|D|M/g, function (t, raw) { return raw !== undefined ? raw : part(t); }); },
      add: function (n, u) { at = new Date(at.getTime() + n * unit(u)); return self; }, subtract: function (n, u) { return self.add(-n, u); },
      diff: function (other, u) { return Math.trunc((at - moment(other).toDate()) / unit(u || 'ms')); },
      isBefore: function (o) { return at < moment(o).toDate(); }, isAfter: function (o) { return at > moment(o).toDate(); },
      startOf: function () { at.setHours(0, 0, 0, 0); return self; }, endOf: function () { at.setHours(23, 59, 59, 999); return self; },
      fromNow: function () { var m = Math.round((Date.now() - at) / 6e4); return m < 1 ? 'только что' : m < 60 ? m + ' мин. назад' : m < 1440 ? Math.round(m / 60) + ' ч. назад' : Math.round(m / 1440) + ' дн. назад'; }
    };
    function part(t) { var v = { YYYY: at.getFullYear(), YY: at.getFullYear() % 100, MM: at.getMonth() + 1, M: at.getMonth() + 1, DD: at.getDate(), D: at.getDate(), HH: at.getHours(), H: at.getHours(), mm: at.getMinutes(), ss: at.getSeconds() }[t]; return t.length === 2 ? String(v).padStart(2, '0') : String(v); }
    return self;
  }
  function parseDate(text, format) {
    if (format === 'X') { return new Date(Number(text) * 1000); }
    var read = {}; var at = 0; var numbers = text.match(/\d+/g) || [];
    (format.match(/YYYY|MM|DD|HH|mm|ss/g) || []).forEach(function (t) { read[t] = Number(numbers[at]); at += 1; });
    return new Date(read.YYYY, (read.MM || 1) - 1, read.DD || 1, read.HH || 0, read.mm || 0, read.ss || 0);
  }
  moment.unix = function (s) { return moment(s * 1000); };
  moment.utc = moment; moment.locale = function () { return 'ru'; };
  moment.duration = function (n, u) { var ms = n * ({ seconds: 1e3, minutes: 6e4, hours: 36e5 }[u] || 1); return { asSeconds: function () { return ms / 1e3; }, asMinutes: function () { return ms / 6e4; }, asMilliseconds: function () { return ms; } }; };

  /* twigjs: {{ expr|filter }}, {% if/elseif/else %}, {% for x in list %}, {% set %}, comments */
  function twig(options) {
    var source = options.data || '';
    var template = { render: function (values) { return run(tree(source), Object.assign({}, values)); } };
    if (options.href) { $.get(options.href, function (text) { source = text; if (options.load) { options.load(template); } }, 'text'); }
    return template;
  }
  function tree(source) {
    var rootNode = { body: [] }; var stack = [rootNode]; var list = rootNode.body;
    source.split(/(\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\})/).forEach(function (token) {
      var inner = token.slice(2, -2).replace(/^-|-$/g, '').trim();
      if (/^\{#/.test(token)) { return; }
      if (/^\{\{/.test(token)) { list.push({ out: inner }); return; }
      if (!/^\{%/.test(token)) { if (token) { list.push({ text: token }); } return; }
      var word = inner.split(/\s/)[0]; var rest = inner.slice(word.length).trim(); var node;
      if (word === 'if') { node = { arms: [{ test: rest, body: [] }] }; list.push(node); stack.push(node); list = node.arms[0].body; }
      else if (word === 'elseif' || word === 'else') { node = stack[stack.length - 1]; var arm = { test: word === 'else' ? null : rest, body: [] }; if (node.arms) { node.arms.push(arm); } else { node.other = arm.body; } list = arm.body; }
      else if (word === 'for') { var m = /^(\w+)(?:\s*,\s*(\w+))?\s+in\s+(.+)$/.exec(rest); node = { key: m[2] ? m[1] : null, item: m[2] || m[1], over: m[3], body: [] }; list.push(node); stack.push(node); list = node.body; }
      else if (word === 'endif' || word === 'endfor') { stack.pop(); var top = stack[stack.length - 1]; list = top.arms ? top.arms[top.arms.length - 1].body : top.other || top.body; }
      else if (word === 'set') { var s = /^(\w+)\s*=\s*(.+)$/.exec(rest); list.push({ set: s[1], value: s[2] }); }
    });
    return rootNode.body;
  }
  function run(body, scope) {
    return body.map(function (node) {
      if (node.text !== undefined) { return node.text; }
      if (node.out !== undefined) { return print(node.out, scope); }
      if (node.set) { scope[node.set] = value(node.value, scope); return ''; }
      if (node.arms) { var arm = node.arms.filter(function (a) { return a.test === null || value(a.test, scope); })[0]; return arm ? run(arm.body, scope) : ''; }
      var rows = value(node.over, scope) || []; var keys = Object.keys(rows);
      if (!keys.length && node.other) { return run(node.other, scope); }
      return keys.map(function (k, i) { var inner = Object.assign({}, scope, { loop: { index: i + 1, index0: i, first: !i, last: i === keys.length - 1 } }); inner[node.item] = rows[k]; if (node.key) { inner[node.key] = k; } return run(node.body, inner); }).join('');
    }).join('');
  }
  function print(expression, scope) { var raw = /\|\s*(raw|escape|e)\b|include_control/.test(expression); var v = value(expression, scope); v = v === null || v === undefined || v === false ? '' : v; return raw ? v : String(v); }
  /* Expressions without eval: literals, paths, not/and/or, comparisons, ~, ?:, filters, calls. */
  function value(expression, scope) {
    var tokens = expression.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d+(?:\.\d+)?|[A-Za-z_]\w*|==|!=|<=|>=|[-+*/%~?:.,|()<>[\]{}]/g) || [];
    var at = 0;
    function peek(t) { return tokens[at] === t; }
    function eat(t) { if (peek(t)) { at += 1; return true; } return false; }
    function ternary() { var v = or(); if (eat('?')) { var yes = ternary(); eat(':'); var no = ternary(); return v ? yes : no; } return v; }
    function or() { var v = and(); while (eat('or')) { var r = and(); v = v || r; } return v; }
    function and() { var v = not(); while (eat('and')) { var r = not(); v = v && r; } return v; }
    function not() { return eat('not') ? !not() : compare(); }
    function compare() {
      var v = sum(); var op = tokens[at];
      if (op === 'is') { at += 1; var inverse = eat('not'); var word = tokens[at]; at += 1; var hit = word === 'defined' ? v !== undefined : word === 'empty' ? _.isEmpty(v) : word === 'null' ? v === null : Array.isArray(v); return inverse ? !hit : hit; }
      if (op === 'in') { at += 1; return _.contains(sum(), v); }
      if (['==', '!=', '<', '>', '<=', '>='].indexOf(op) === -1) { return v; }
      at += 1; var r = sum();
      return op === '==' ? v == r : op === '!=' ? v != r : op === '<' ? v < r : op === '>' ? v > r : op === '<=' ? v <= r : v >= r; // eslint-disable-line eqeqeq
    }
    function sum() { var v = product(); for (;;) { if (eat('+')) { v = Number(v) + Number(product()); } else if (eat('-')) { v -= product(); } else if (eat('~')) { v = String(v === undefined || v === null ? '' : v) + product(); } else { return v; } } }
    function product() { var v = filtered(); for (;;) { if (eat('*')) { v *= filtered(); } else if (eat('/')) { v /= filtered(); } else if (eat('%')) { v %= filtered(); } else { return v; } } }
    function filtered() { var v = path(); while (eat('|')) { var name = tokens[at]; at += 1; var args = eat('(') ? listOf(')') : []; v = filter(name, v, args); } return v; }
    function listOf(end) { var out = []; while (at < tokens.length && !eat(end)) { out.push(ternary()); eat(','); } return out; }
    function path() {
      var v = atom();
      for (;;) { if (eat('.')) { var key = tokens[at]; at += 1; v = v === undefined || v === null ? undefined : v[key]; } else if (eat('[')) { var k = ternary(); eat(']'); v = v === undefined || v === null ? undefined : v[k]; } else { return v; } }
    }
    function atom() {
      var t = tokens[at]; at += 1;
      if (t === undefined) { return undefined; }
      if (t === '(') { var v = ternary(); eat(')'); return v; }
      if (t === '[') { return listOf(']'); }
      if (t === '{') { var o = {}; while (at < tokens.length && !eat('}')) { var key = tokens[at].replace(/^["']|["']$/g, ''); at += 1; eat(':'); o[key] = ternary(); eat(','); } return o; }
      if (t === '-') { return -path(); }
      if (/^["']/.test(t)) { return t.slice(1, -1).replace(/\\(.)/g, '$1'); }
      if (/^\d/.test(t)) { return Number(t); }
      if (t === 'true' || t === 'false') { return t === 'true'; }
      if (t === 'null' || t === 'none') { return null; }
      if (eat('(')) { var args = listOf(')'); return t === 'include_control' ? root.AmoControls.render(args[0], args[1]) : typeof scope[t] === 'function' ? scope[t].apply(null, args) : ''; }
      return scope[t];
    }
    return ternary();
  }
  function filter(name, v, args) {
    switch (name) {
      case 'e': case 'escape': return _.escape(v);
      case 'upper': return String(v).toUpperCase();
      case 'lower': return String(v).toLowerCase();
      case 'length': return _.size(v);
      case 'default': return v === undefined || v === null || v === '' ? args[0] : v;
      case 'join': return _.values(v).join(args[0] || '');
      case 'json_encode': return JSON.stringify(v);
      case 'trim': return String(v).trim();
      case 'nl2br': return String(v).replace(/\n/g, '<br>');
      default: return v;
    }
  }
  var Twig = { twig: twig, extendFunction: _.noop, extendFilter: _.noop };

  /* pubsub, store, Backbone's Model/Collection/Events, js-uuid */
  var topics = {};
  var pubsub = {
    publish: function (name, data) { (topics[name] || []).slice().forEach(function (fn) { fn(name, data); }); },
    subscribe: function (name, fn) { (topics[name] = topics[name] || []).push(fn); return fn; },
    unsubscribe: function (fn) { Object.keys(topics).forEach(function (k) { topics[k] = topics[k].filter(function (f) { return f !== fn; }); }); }
  };
  var keep = {
    get: function (k) { try { return JSON.parse(localStorage.getItem(k)); } catch (_e) { return undefined; } },
    set: function (k, v) { localStorage.setItem(k, JSON.stringify(v)); return v; },
    remove: function (k) { localStorage.removeItem(k); }, clear: function () { localStorage.clear(); }, enabled: true
  };
  var Events = {
    on: function (name, fn, self) { (this._on = this._on || []).push([name, fn, self]); return this; },
    off: function (name, fn) { this._on = (this._on || []).filter(function (h) { return (name && h[0] !== name) || (fn && h[1] !== fn); }); return this; },
    trigger: function (name) { var args = [].slice.call(arguments, 1); (this._on || []).forEach(function (h) { if (h[0] === name) { h[1].apply(h[2], args); } }); return this; }
  };
  function Model(attributes) { this.attributes = Object.assign({}, attributes); this.id = this.attributes.id; }
  Object.assign(Model.prototype, Events, {
    get: function (k) { return this.attributes[k]; }, has: function (k) { return this.attributes[k] !== undefined; }, toJSON: function () { return Object.assign({}, this.attributes); },
    set: function (k, v) { var more = typeof k === 'object' ? k : Object.fromEntries([[k, v]]); Object.assign(this.attributes, more); var self = this; Object.keys(more).forEach(function (key) { self.trigger('change:' + key, self, more[key]); }); return this.trigger('change', this); }
  });
  function Collection(models) { this.models = (models || []).map(function (m) { return m instanceof Model ? m : new Model(m); }); this.length = this.models.length; }
  Object.assign(Collection.prototype, Events, {
    where: function (want) { return this.models.filter(function (m) { return Object.keys(want).every(function (k) { return m.get(k) === want[k]; }); }); },
    findWhere: function (want) { return this.where(want)[0]; }, get: function (id) { return this.models.filter(function (m) { return String(m.id) === String(id); })[0]; },
    each: function (fn) { this.models.forEach(fn); }, map: function (fn) { return this.models.map(fn); }, filter: function (fn) { return this.models.filter(fn); }, at: function (n) { return this.models[n]; }, toJSON: function () { return this.models.map(function (m) { return m.toJSON(); }); }
  });
  var Backbone = { Events: Events, Model: Model, Collection: Collection, $: $ };

  /* lib/components/base/modal: the documented window */
  function Modal(options) {
    if (!(this instanceof Modal)) { return new Modal(options); }
    var self = this;
    this.options = options || {};
    if (!options) { return this; }
    this.$el = $('<div class="modal"><div class="modal-scroller"><div class="modal-body" tabindex="-1" role="dialog" aria-modal="true"><div class="modal-body__inner"></div></div></div></div>');
    this.$el.addClass(options.class_name || '');
    this.$modal = this.$el;
    $(options.container || document.body).append(this.$el);
    var $body = this.$el.find('.modal-body__inner');
    this.$el.on('click', function (event) {
      var onOverlay = event.target.classList.contains('modal-scroller') && !options.disable_overlay_click;
      if (onOverlay || $(event.target).closest('.modal-body__close, .js-modal-close').length) { self.destroy(); }
    });
    this.onKey = function (event) { if (event.key === 'Escape' && !options.disable_escape_keydown) { self.destroy(); } };
    document.addEventListener('keydown', this.onKey);
    if (options.init) { options.init.call(this, $body); }
    var focus = options.focus_element ? $(options.focus_element)[0] : this.$el.find('.modal-body')[0];
    if (focus) { focus.focus(); }
    return this;
  }
  Modal.prototype.destroy = function () {
    if (this.options.destroy && this.options.destroy.call(this) === false) { return; }
    document.removeEventListener('keydown', this.onKey);
    this.$el.remove();
  };
  Modal.prototype._showError = function (text) { root.APP.notifications.show_message_error({ header: '', text: text, without_header: true }); };

  /* system controls for widget.render({ref}) and include_control */
  root.AmoControls = {
    render: function (name, p) {
      p = p || {}; var e = _.escape; var id = (p.id ? ' id="' + e(p.id) + '"' : '') + (p.name ? ' name="' + e(p.name) + '"' : ''); var cls = e(p.class_name || '');
      switch (name) {
        case 'textarea': return '<textarea class="text-input ' + cls + '"' + id + ' placeholder="' + e(p.placeholder) + '">' + e(p.value) + '</textarea>';
        case 'checkbox': return '<label class="control-checkbox ' + cls + '"><input type="checkbox"' + id + (p.checked ? ' checked' : '') + ' value="' + e(p.value) + '"> ' + e(p.text) + '</label>';
        case 'select': case 'radio': case 'multiselect': return '<select class="control--select ' + cls + '"' + id + (name === 'multiselect' ? ' multiple' : '') + '>' + _.map(p.items, function (i) { return '<option value="' + e(i.id) + '"' + (String(i.id) === String(p.selected) ? ' selected' : '') + '>' + e(i.option) + '</option>'; }).join('') + '</select>';
        case 'button': case 'cancel_button': case 'delete_button': return '<button type="button" class="button-input button ' + (p.blue ? 'button-primary ' : '') + cls + '"' + id + '><span class="button-input-inner__text">' + e(p.text) + '</span></button>';
        default: return '<input class="text-input ' + cls + '"' + id + ' type="' + e(p.type || (name === 'date_field' ? 'date' : name === 'file' ? 'file' : 'text')) + '" value="' + e(p.value) + '" placeholder="' + e(p.placeholder) + '">';
      }
    }
  };

  root._ = _; root.moment = moment; root.Backbone = Backbone;
  var named = {
    underscore: _, 'vendor/underscore': _, moment: moment, twigjs: Twig, backbone: Backbone, pubsub: pubsub, store: keep,
    'lib/components/base/modal': Modal, 'js-uuid': { v4: function () { return crypto.randomUUID(); } },
    'lib/common/cookie': { get: function (k) { var m = new RegExp('(?:^|; )' + k + '=([^;]*)').exec(document.cookie); return m ? decodeURIComponent(m[1]) : null; }, set: function (k, v) { document.cookie = k + '=' + encodeURIComponent(v) + '; path=/'; } },
    'lib/common/fn': { escape: _.escape }
  };
  Object.keys(named).forEach(function (name) { root.provide(name, named[name]); });
})(window);
