/* The rest of `underscore`: what widgets seldom need and miss when it is not there. */
(function (root) {
  'use strict';
  var _ = root._;

  _.identity = function (v) {
    return v;
  };
  _.constant = function (v) {
    return function () {
      return v;
    };
  };
  _.property = function (key) {
    return function (v) {
      return v === null || v === undefined ? undefined : v[key];
    };
  };
  _.matcher = _.matches = function (wanted) {
    return function (v) {
      return _.isMatch(v, wanted);
    };
  };
  _.isMatch = function (v, wanted) {
    return Object.keys(wanted).every(function (k) {
      return v && v[k] === wanted[k];
    });
  };
  _.iteratee = function (what) {
    return typeof what === 'function'
      ? what
      : what === undefined || what === null
        ? _.identity
        : typeof what === 'object'
          ? _.matcher(what)
          : _.property(what);
  };
  _.negate = function (fn) {
    return function () {
      return !fn.apply(this, arguments);
    };
  };

  function best(sign) {
    return function (list, what) {
      var by = _.iteratee(what);
      var found = sign * -Infinity;
      var top = found;
      _.each(list, function (v, k) {
        var value = by(v, k);
        if (sign * value > sign * top) {
          top = value;
          found = v;
        }
      });
      return found;
    };
  }
  _.max = best(1);
  _.min = best(-1);
  _.countBy = function (list, what) {
    var by = _.iteratee(what);
    var found = {};
    _.each(list, function (v) {
      var key = by(v);
      found[key] = (found[key] || 0) + 1;
    });
    return found;
  };
  _.random = function (min, max) {
    var low = max === undefined ? 0 : min;
    var high = max === undefined ? min : max;
    return low + Math.floor(Math.random() * (high - low + 1));
  };
  _.shuffle = function (list) {
    var found = _.toArray(list);
    for (var i = found.length - 1; i > 0; i--) {
      var n = _.random(i);
      var kept = found[i];
      found[i] = found[n];
      found[n] = kept;
    }
    return found;
  };
  _.sample = function (list, n) {
    var mixed = _.shuffle(list);
    return n === undefined ? mixed[0] : mixed.slice(0, n);
  };

  _.intersection = function (first) {
    var others = [].slice.call(arguments, 1);
    return _.uniq(first).filter(function (v) {
      return others.every(function (list) {
        return list.indexOf(v) !== -1;
      });
    });
  };
  _.unzip = function (lists) {
    var length = Math.max.apply(
      null,
      [0].concat(
        lists.map(function (l) {
          return l.length;
        })
      )
    );
    return Array.from({ length: length }, function (_v, n) {
      return lists.map(function (l) {
        return l[n];
      });
    });
  };
  _.zip = function () {
    return _.unzip([].slice.call(arguments));
  };
  _.chunk = function (list, size) {
    var found = [];
    for (var i = 0; size > 0 && i < list.length; i += size) {
      found.push(list.slice(i, i + size));
    }
    return found;
  };
  _.indexOf = function (list, v) {
    return [].indexOf.call(list || [], v);
  };
  _.lastIndexOf = function (list, v) {
    return [].lastIndexOf.call(list || [], v);
  };
  _.findIndex = function (list, what) {
    return [].findIndex.call(list || [], _.iteratee(what));
  };

  _.memoize = function (fn, hash) {
    var kept = {};
    return function (key) {
      var name = String(hash ? hash.apply(this, arguments) : key);
      if (!Object.prototype.hasOwnProperty.call(kept, name)) {
        kept[name] = fn.apply(this, arguments);
      }
      return kept[name];
    };
  };
  _.after = function (n, fn) {
    var left = n;
    return function () {
      left -= 1;
      return left < 1 ? fn.apply(this, arguments) : undefined;
    };
  };
  _.before = function (n, fn) {
    var left = n;
    var last;
    return function () {
      left -= 1;
      last = left > 0 ? fn.apply(this, arguments) : last;
      return last;
    };
  };
  _.wrap = function (fn, outer) {
    return function () {
      return outer.apply(this, [fn].concat([].slice.call(arguments)));
    };
  };
  _.compose = function () {
    var all = [].slice.call(arguments);
    return function () {
      var self = this;
      return all.reduceRight(function (args, fn) {
        return [fn.apply(self, args)];
      }, arguments)[0];
    };
  };

  _.functions = _.methods = function (o) {
    return Object.keys(o)
      .filter(function (k) {
        return typeof o[k] === 'function';
      })
      .sort();
  };
  _.extendOwn = _.assign = Object.assign;
  _.mapObject = function (o, what) {
    var by = _.iteratee(what);
    var found = {};
    Object.keys(o || {}).forEach(function (k) {
      found[k] = by(o[k], k, o);
    });
    return found;
  };
  _.tap = function (v, fn) {
    fn(v);
    return v;
  };
  _.result = function (o, key, other) {
    var v = o === null || o === undefined || o[key] === undefined ? other : o[key];
    return typeof v === 'function' ? v.call(o) : v;
  };
  _.isElement = function (v) {
    return Boolean(v && v.nodeType === 1);
  };
  _.isNaN = function (v) {
    return typeof v === 'number' && v !== v;
  };
  _.isRegExp = function (v) {
    return v instanceof RegExp;
  };
  _.isArguments = function (v) {
    return Object.prototype.toString.call(v) === '[object Arguments]';
  };
  _.now = Date.now;
  _.times = function (n, fn) {
    return Array.from({ length: Math.max(0, n) }, function (_v, i) {
      return fn(i);
    });
  };
  var MARKS = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'", '&#x60;': '`' };
  _.unescape = function (text) {
    return String(text).replace(/&(?:amp|lt|gt|quot|#x27|#x60);/g, function (mark) {
      return MARKS[mark];
    });
  };

  /** `<% %>`, `<%= %>` and `<%- %>`; the names of the data are variables of the template. */
  _.template = function (text) {
    var code = "var out = '';";
    var at = 0;
    text.replace(/<%([=-]?)([\s\S]+?)%>/g, function (whole, kind, inner, from) {
      code += 'out += ' + JSON.stringify(text.slice(at, from)) + ';';
      if (kind) {
        var value = '((v = (' + inner + ')) == null ? "" : v)';
        code += 'out += ' + (kind === '-' ? '_.escape(' + value + ')' : value) + ';';
      } else {
        code += inner + '\n';
      }
      at = from + whole.length;
      return whole;
    });
    code += 'out += ' + JSON.stringify(text.slice(at)) + '; return out;';
    return function (data) {
      var names = Object.keys(data || {});
      var make = Function.apply(null, ['_', 'obj', 'v'].concat(names, code));
      return make.apply(
        this,
        [_, data, undefined].concat(
          names.map(function (n) {
            return data[n];
          })
        )
      );
    };
  };
})(window);
