/* Module `twigjs`: {{ expr|filter }}, {% if/elseif/else %}, {% for x in list %}, {% set %}, comments. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;

  function twig(options) {
    var source = options.data || '';
    var template = {
      render: function (values) {
        return run(tree(source), Object.assign({}, values));
      }
    };
    if (options.href) {
      $.get(
        options.href,
        function (text) {
          source = text;
          if (options.load) {
            options.load(template);
          }
        },
        'text'
      );
    }
    return template;
  }
  function tree(source) {
    var rootNode = { body: [] };
    var stack = [rootNode];
    var list = rootNode.body;
    source.split(/(\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\})/).forEach(function (token) {
      var inner = token.slice(2, -2).replace(/^-|-$/g, '').trim();
      if (/^\{#/.test(token)) {
        return;
      }
      if (/^\{\{/.test(token)) {
        list.push({ out: inner });
        return;
      }
      if (!/^\{%/.test(token)) {
        if (token) {
          list.push({ text: token });
        }
        return;
      }
      var word = inner.split(/\s/)[0];
      var rest = inner.slice(word.length).trim();
      var node;
      if (word === 'if') {
        node = { arms: [{ test: rest, body: [] }] };
        list.push(node);
        stack.push(node);
        list = node.arms[0].body;
      } else if (word === 'elseif' || word === 'else') {
        node = stack[stack.length - 1];
        var arm = { test: word === 'else' ? null : rest, body: [] };
        if (node.arms) {
          node.arms.push(arm);
        } else {
          node.other = arm.body;
        }
        list = arm.body;
      } else if (word === 'for') {
        var m = /^(\w+)(?:\s*,\s*(\w+))?\s+in\s+(.+)$/.exec(rest);
        node = { key: m[2] ? m[1] : null, item: m[2] || m[1], over: m[3], body: [] };
        list.push(node);
        stack.push(node);
        list = node.body;
      } else if (word === 'endif' || word === 'endfor') {
        stack.pop();
        var top = stack[stack.length - 1];
        list = top.arms ? top.arms[top.arms.length - 1].body : top.other || top.body;
      } else if (word === 'set') {
        var s = /^(\w+)\s*=\s*(.+)$/.exec(rest);
        list.push({ set: s[1], value: s[2] });
      }
    });
    return rootNode.body;
  }
  function run(body, scope) {
    return body
      .map(function (node) {
        if (node.text !== undefined) {
          return node.text;
        }
        if (node.out !== undefined) {
          return print(node.out, scope);
        }
        if (node.set) {
          scope[node.set] = value(node.value, scope);
          return '';
        }
        if (node.arms) {
          var arm = node.arms.filter(function (a) {
            return a.test === null || value(a.test, scope);
          })[0];
          return arm ? run(arm.body, scope) : '';
        }
        var rows = value(node.over, scope) || [];
        var keys = Object.keys(rows);
        if (!keys.length && node.other) {
          return run(node.other, scope);
        }
        return keys
          .map(function (k, i) {
            var inner = Object.assign({}, scope, {
              loop: { index: i + 1, index0: i, first: !i, last: i === keys.length - 1 }
            });
            inner[node.item] = rows[k];
            if (node.key) {
              inner[node.key] = k;
            }
            return run(node.body, inner);
          })
          .join('');
      })
      .join('');
  }
  function print(expression, scope) {
    var raw = /\|\s*(raw|escape|e)\b|include_control/.test(expression);
    var v = value(expression, scope);
    v = v === null || v === undefined || v === false ? '' : v;
    return raw ? v : String(v);
  }
  /* Expressions without eval: literals, paths, not/and/or, comparisons, ~, ?:, filters, calls. */
  function value(expression, scope) {
    var tokens =
      expression.match(
        /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d+(?:\.\d+)?|[A-Za-z_]\w*|==|!=|<=|>=|[-+*/%~?:.,|()<>[\]{}]/g
      ) || [];
    var at = 0;
    function peek(t) {
      return tokens[at] === t;
    }
    function eat(t) {
      if (peek(t)) {
        at += 1;
        return true;
      }
      return false;
    }
    function ternary() {
      var v = or();
      if (eat('?')) {
        var yes = ternary();
        eat(':');
        var no = ternary();
        return v ? yes : no;
      }
      return v;
    }
    function or() {
      var v = and();
      while (eat('or')) {
        var r = and();
        v = v || r;
      }
      return v;
    }
    function and() {
      var v = not();
      while (eat('and')) {
        var r = not();
        v = v && r;
      }
      return v;
    }
    function not() {
      return eat('not') ? !not() : compare();
    }
    function compare() {
      var v = sum();
      var op = tokens[at];
      if (op === 'is') {
        at += 1;
        var inverse = eat('not');
        var word = tokens[at];
        at += 1;
        var hit =
          word === 'defined'
            ? v !== undefined
            : word === 'empty'
              ? _.isEmpty(v)
              : word === 'null'
                ? v === null
                : Array.isArray(v);
        return inverse ? !hit : hit;
      }
      if (op === 'in') {
        at += 1;
        return _.contains(sum(), v);
      }
      if (['==', '!=', '<', '>', '<=', '>='].indexOf(op) === -1) {
        return v;
      }
      at += 1;
      var r = sum();
      return op === '=='
        ? v == r
        : op === '!='
          ? v != r
          : op === '<'
            ? v < r
            : op === '>'
              ? v > r
              : op === '<='
                ? v <= r
                : v >= r; // eslint-disable-line eqeqeq
    }
    function sum() {
      var v = product();
      for (;;) {
        if (eat('+')) {
          v = Number(v) + Number(product());
        } else if (eat('-')) {
          v -= product();
        } else if (eat('~')) {
          v = String(v === undefined || v === null ? '' : v) + product();
        } else {
          return v;
        }
      }
    }
    function product() {
      var v = filtered();
      for (;;) {
        if (eat('*')) {
          v *= filtered();
        } else if (eat('/')) {
          v /= filtered();
        } else if (eat('%')) {
          v %= filtered();
        } else {
          return v;
        }
      }
    }
    function filtered() {
      var v = path();
      while (eat('|')) {
        var name = tokens[at];
        at += 1;
        var args = eat('(') ? listOf(')') : [];
        v = filter(name, v, args);
      }
      return v;
    }
    function listOf(end) {
      var out = [];
      while (at < tokens.length && !eat(end)) {
        out.push(ternary());
        eat(',');
      }
      return out;
    }
    function path() {
      var v = atom();
      for (;;) {
        if (eat('.')) {
          var key = tokens[at];
          at += 1;
          v = v === undefined || v === null ? undefined : v[key];
        } else if (eat('[')) {
          var k = ternary();
          eat(']');
          v = v === undefined || v === null ? undefined : v[k];
        } else {
          return v;
        }
      }
    }
    function atom() {
      var t = tokens[at];
      at += 1;
      if (t === undefined) {
        return undefined;
      }
      if (t === '(') {
        var v = ternary();
        eat(')');
        return v;
      }
      if (t === '[') {
        return listOf(']');
      }
      if (t === '{') {
        var o = {};
        while (at < tokens.length && !eat('}')) {
          var key = tokens[at].replace(/^["']|["']$/g, '');
          at += 1;
          eat(':');
          o[key] = ternary();
          eat(',');
        }
        return o;
      }
      if (t === '-') {
        return -path();
      }
      if (/^["']/.test(t)) {
        return t.slice(1, -1).replace(/\\(.)/g, '$1');
      }
      if (/^\d/.test(t)) {
        return Number(t);
      }
      if (t === 'true' || t === 'false') {
        return t === 'true';
      }
      if (t === 'null' || t === 'none') {
        return null;
      }
      if (eat('(')) {
        var args = listOf(')');
        return t === 'include_control'
          ? root.AmoControls.render(args[0], args[1])
          : typeof scope[t] === 'function'
            ? scope[t].apply(null, args)
            : '';
      }
      return scope[t];
    }
    return ternary();
  }
  function filter(name, v, args) {
    switch (name) {
      case 'e':
      case 'escape':
        return _.escape(v);
      case 'upper':
        return String(v).toUpperCase();
      case 'lower':
        return String(v).toLowerCase();
      case 'length':
        return _.size(v);
      case 'default':
        return v === undefined || v === null || v === '' ? args[0] : v;
      case 'join':
        return _.values(v).join(args[0] || '');
      case 'json_encode':
        return JSON.stringify(v);
      case 'trim':
        return String(v).trim();
      case 'nl2br':
        return String(v).replace(/\n/g, '<br>');
      default:
        return v;
    }
  }
  var Twig = { twig: twig, extendFunction: _.noop, extendFilter: _.noop };

  root.provide('twigjs', Twig);
})(window);
