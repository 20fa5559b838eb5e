/* Module `underscore`: collections, objects, functions, templates, as far as widgets use them. */
(function (root) {
  'use strict';
  var $ = root.$;

  var _ = function (value) {
    return value;
  };
  _.each = _.forEach = function (list, fn, self) {
    $.each(list || [], function (k, v) {
      fn.call(self, v, k, list);
    });
    return list;
  };
  _.map = _.collect = function (list, fn) {
    var out = [];
    _.each(list, function (v, k) {
      out.push(typeof fn === 'function' ? fn(v, k, list) : v && v[fn]);
    });
    return out;
  };
  _.pluck = function (list, key) {
    return _.map(list, function (v) {
      return v[key];
    });
  };
  _.filter = _.select = function (list, fn) {
    var out = [];
    _.each(list, function (v, k) {
      if (test(fn)(v, k)) {
        out.push(v);
      }
    });
    return out;
  };
  _.reject = function (list, fn) {
    return _.filter(list, function (v, k) {
      return !test(fn)(v, k);
    });
  };
  _.find = _.detect = function (list, fn) {
    return _.filter(list, fn)[0];
  };
  _.where = _.filter;
  _.findWhere = _.find;
  _.reduce = function (list, fn, start) {
    _.each(list, function (v, k) {
      start = fn(start, v, k);
    });
    return start;
  };
  _.some = _.any = function (list, fn) {
    return _.filter(list, fn || Boolean).length > 0;
  };
  _.every = _.all = function (list, fn) {
    return _.reject(list, fn || Boolean).length === 0;
  };
  _.contains = _.includes = function (list, value) {
    return _.values(list).indexOf(value) !== -1;
  };
  _.sortBy = function (list, fn) {
    return _.values(list).sort(function (a, b) {
      var x = pick(fn, a);
      var y = pick(fn, b);
      return x < y ? -1 : x > y ? 1 : 0;
    });
  };
  _.groupBy = function (list, fn) {
    return _.reduce(
      list,
      function (out, v) {
        var k = pick(fn, v);
        (out[k] = out[k] || []).push(v);
        return out;
      },
      {}
    );
  };
  _.indexBy = function (list, fn) {
    return _.reduce(
      list,
      function (out, v) {
        out[pick(fn, v)] = v;
        return out;
      },
      {}
    );
  };
  _.size = function (list) {
    return _.values(list).length;
  };
  _.toArray = _.values = function (list) {
    return Array.isArray(list)
      ? list.slice()
      : Object.keys(list || {}).map(function (k) {
          return list[k];
        });
  };
  _.keys = function (o) {
    return Object.keys(o || {});
  };
  _.pairs = function (o) {
    return Object.entries(o || {});
  };
  _.object = function (pairs) {
    return Object.fromEntries(pairs);
  };
  _.invert = function (o) {
    return Object.fromEntries(
      Object.entries(o).map(function (p) {
        return [p[1], p[0]];
      })
    );
  };
  _.first = function (l) {
    return l && l[0];
  };
  _.last = function (l) {
    return l && l[l.length - 1];
  };
  _.uniq = function (l) {
    return (l || []).filter(function (v, i) {
      return l.indexOf(v) === i;
    });
  };
  _.compact = function (l) {
    return (l || []).filter(Boolean);
  };
  _.flatten = function (l) {
    return (l || []).flat(Infinity);
  };
  _.without = function (l) {
    var gone = [].slice.call(arguments, 1);
    return l.filter(function (v) {
      return gone.indexOf(v) === -1;
    });
  };
  _.difference = function (l, other) {
    return l.filter(function (v) {
      return other.indexOf(v) === -1;
    });
  };
  _.union = function () {
    return _.uniq([].concat.apply([], arguments));
  };
  _.range = function (from, to) {
    if (to === undefined) {
      to = from;
      from = 0;
    }
    var out = [];
    for (; from < to; from++) {
      out.push(from);
    }
    return out;
  };
  _.extend = _.assign = function () {
    return Object.assign.apply(null, arguments);
  };
  _.defaults = function (o, more) {
    return Object.assign(o, Object.assign({}, more, o));
  };
  _.clone = function (o) {
    return Array.isArray(o) ? o.slice() : Object.assign({}, o);
  };
  _.pick = function (o) {
    var keys = _.flatten([].slice.call(arguments, 1));
    return Object.fromEntries(
      Object.entries(o).filter(function (p) {
        return keys.indexOf(p[0]) !== -1;
      })
    );
  };
  _.omit = function (o) {
    var keys = _.flatten([].slice.call(arguments, 1));
    return Object.fromEntries(
      Object.entries(o).filter(function (p) {
        return keys.indexOf(p[0]) === -1;
      })
    );
  };
  _.has = function (o, k) {
    return Object.prototype.hasOwnProperty.call(o || {}, k);
  };
  _.isEqual = function (a, b) {
    return JSON.stringify(a) === JSON.stringify(b);
  };
  _.isArray = Array.isArray;
  _.isEmpty = function (o) {
    return o === null || o === undefined || (typeof o === 'string' ? !o : _.size(o) === 0);
  };
  _.isObject = function (o) {
    return o !== null && (typeof o === 'object' || typeof o === 'function');
  };
  [
    ['isFunction', 'function'],
    ['isString', 'string'],
    ['isNumber', 'number'],
    ['isBoolean', 'boolean'],
    ['isUndefined', 'undefined']
  ].forEach(function (p) {
    _[p[0]] = function (v) {
      return typeof v === p[1];
    };
  });
  _.isNull = function (v) {
    return v === null;
  };
  _.isDate = function (v) {
    return v instanceof Date;
  };
  _.identity = function (v) {
    return v;
  };
  _.noop = function () {};
  _.bind = function (fn, self) {
    return fn.bind.apply(fn, [].slice.call(arguments, 1));
  };
  _.bindAll = function (o) {
    [].slice.call(arguments, 1).forEach(function (k) {
      o[k] = o[k].bind(o);
    });
    return o;
  };
  _.partial = function (fn) {
    return fn.bind.apply(fn, [null].concat([].slice.call(arguments, 1)));
  };
  _.once = function (fn) {
    var done;
    var value;
    return function () {
      if (!done) {
        done = true;
        value = fn.apply(this, arguments);
      }
      return value;
    };
  };
  _.defer = function (fn) {
    return setTimeout(fn, 1);
  };
  _.delay = function (fn, ms) {
    return setTimeout(fn, ms);
  };
  _.debounce = function (fn, ms) {
    var timer;
    return function () {
      var self = this;
      var args = arguments;
      clearTimeout(timer);
      timer = setTimeout(function () {
        fn.apply(self, args);
      }, ms);
    };
  };
  _.throttle = function (fn, ms) {
    var last = 0;
    return function () {
      if (Date.now() - last >= ms) {
        last = Date.now();
        return fn.apply(this, arguments);
      }
      return undefined;
    };
  };
  _.uniqueId = (function () {
    var n = 0;
    return function (prefix) {
      n += 1;
      return (prefix || '') + n;
    };
  })();
  _.escape = function (text) {
    return String(text === null || text === undefined ? '' : text).replace(
      /[&<>"']/g,
      function (c) {
        return { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }[c];
      }
    );
  };
  _.chain = function (value) {
    var link = {
      value: function () {
        return value;
      }
    };
    [
      'map',
      'filter',
      'reject',
      'sortBy',
      'groupBy',
      'values',
      'keys',
      'uniq',
      'compact',
      'pluck',
      'each',
      'first',
      'flatten',
      'where',
      'find'
    ].forEach(function (name) {
      link[name] = function () {
        return _.chain(_[name].apply(_, [value].concat([].slice.call(arguments))));
      };
    });
    return link;
  };
  function test(fn) {
    if (typeof fn === 'function') {
      return fn;
    }
    if (typeof fn === 'object') {
      return function (v) {
        return Object.keys(fn).every(function (k) {
          return v[k] === fn[k];
        });
      };
    }
    return function (v) {
      return v && v[fn];
    };
  }
  function pick(fn, v) {
    return typeof fn === 'function' ? fn(v) : v[fn];
  }

  root._ = _;
  root.provide('underscore', _);
  root.provide('vendor/underscore', _);
})(window);
