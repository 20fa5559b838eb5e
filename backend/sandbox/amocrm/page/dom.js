/* Module `jquery` of the page: the part of jQuery's interface that widgets and these pages use.
 *
 * Not jQuery itself: collections, traversal, events with namespaces and delegation, classes,
 * attributes, forms, ajax, Deferred. Animation is instant; of the `:selector` extensions those in
 * select.js are known, positions and filters at the end of a selector only. */
(function (root) {
  'use strict';

  var store = new WeakMap(); // node -> {handlers, data}

  function $(what, context) {
    if (typeof what === 'function') {
      ready(what);
      return new Set$([document]);
    }
    return new Set$(nodesOf(what, context));
  }
  function Set$(nodes) {
    this.length = nodes.length;
    for (var i = 0; i < nodes.length; i++) {
      this[i] = nodes[i];
    }
  }
  $.fn = Set$.prototype;
  $.fn.constructor = $;
  $.fn.jquery = '2.1.3-subset';

  function nodesOf(what, context) {
    if (!what) {
      return [];
    }
    if (what instanceof Set$) {
      return what.get();
    }
    if (typeof what === 'string') {
      if (/^\s*</.test(what)) {
        return parse(what);
      }
      if (!context) {
        return root.AmoSelect.all(document, what);
      }
      return $(context).find(what).get();
    }
    if (what.nodeType || what === root || typeof what.addEventListener === 'function') {
      return [what];
    }
    return typeof what.length === 'number' ? slice(what) : [what];
  }
  function slice(list) {
    return Array.prototype.slice.call(list);
  }
  function parse(html) {
    var template = document.createElement('template');
    template.innerHTML = String(html).trim();
    return slice(template.content.childNodes);
  }
  function unique(nodes) {
    return nodes.filter(function (n, i) {
      return n && nodes.indexOf(n) === i;
    });
  }
  function recordOf(node) {
    if (!store.has(node)) {
      store.set(node, { handlers: [], data: {} });
    }
    return store.get(node);
  }
  function ready(fn) {
    if (document.readyState === 'loading') {
      document.addEventListener('DOMContentLoaded', function () {
        fn($);
      });
    } else {
      Promise.resolve($).then(fn);
    }
  }

  $.each = function (list, fn) {
    if (list && typeof list.length === 'number') {
      for (var i = 0; i < list.length && fn.call(list[i], i, list[i]) !== false; i++) {
        /* fn does it */
      }
    } else {
      Object.keys(list || {}).every(function (key) {
        return fn.call(list[key], key, list[key]) !== false;
      });
    }
    return list;
  };
  $.extend = function () {
    var args = slice(arguments);
    var deep = typeof args[0] === 'boolean' ? args.shift() : false;
    var target = args.shift() || {};
    args.forEach(function (source) {
      Object.keys(source || {}).forEach(function (key) {
        var value = source[key];
        if (deep && $.isPlainObject(value)) {
          target[key] = $.extend(true, $.isPlainObject(target[key]) ? target[key] : {}, value);
        } else if (value !== undefined) {
          target[key] = value;
        }
      });
    });
    return target;
  };
  $.isPlainObject = function (v) {
    return (
      Object.prototype.toString.call(v) === '[object Object]' &&
      (!Object.getPrototypeOf(v) || Object.getPrototypeOf(v) === Object.prototype)
    );
  };
  $.isFunction = function (v) {
    return typeof v === 'function';
  };
  $.isArray = Array.isArray;
  $.isNumeric = function (v) {
    return !Array.isArray(v) && v - parseFloat(v) + 1 >= 0;
  };
  $.isEmptyObject = function (v) {
    return Object.keys(v || {}).length === 0;
  };
  $.map = function (list, fn) {
    var found = [];
    $.each(list, function (key, value) {
      found = found.concat(fn(value, key) === null ? [] : fn(value, key));
    });
    return found;
  };
  $.grep = function (list, fn) {
    return list.filter(function (v, i) {
      return fn(v, i);
    });
  };
  $.inArray = function (value, list) {
    return list ? list.indexOf(value) : -1;
  };
  $.trim = function (text) {
    return text === null || text === undefined ? '' : String(text).trim();
  };
  $.proxy = function (fn, self) {
    return fn.bind(self);
  };
  $.noop = function () {};
  $.now = Date.now;
  $.parseJSON = JSON.parse;
  $.contains = function (outer, inner) {
    return outer !== inner && outer.contains(inner);
  };
  $.fn.extend = function (more) {
    return $.extend($.fn, more);
  };

  /** Where a set came from, for `end` and `addBack`. */
  var ROAMING =
    'find filter not has eq first last slice add parent parents closest children siblings next prev nextAll prevAll contents map';
  $.remember = function (names) {
    names.split(' ').forEach(function (name) {
      var go = $.fn[name];
      $.fn[name] = function () {
        var found = go.apply(this, arguments);
        if (found instanceof Set$ && found !== this) {
          found.prevObject = this;
        }
        return found;
      };
    });
  };

  $.fn.get = function (n) {
    return n === undefined ? slice(this) : this[n < 0 ? this.length + n : n];
  };
  $.fn.toArray = function () {
    return slice(this);
  };
  $.fn.each = function (fn) {
    slice(this).every(function (node, i) {
      return fn.call(node, i, node) !== false;
    });
    return this;
  };
  $.fn.map = function (fn) {
    var found = [];
    this.each(function (i, node) {
      var v = fn.call(node, i, node);
      if (v !== null && v !== undefined) {
        found = found.concat(v);
      }
    });
    return new Set$(found);
  };
  $.fn.eq = function (n) {
    var node = this.get(n);
    return new Set$(node ? [node] : []);
  };
  $.fn.first = function () {
    return this.eq(0);
  };
  $.fn.last = function () {
    return this.eq(-1);
  };
  $.fn.slice = function () {
    return new Set$(Array.prototype.slice.apply(slice(this), arguments));
  };
  $.fn.add = function (what) {
    return new Set$(unique(this.get().concat(nodesOf(what))));
  };
  $.fn.index = function (what) {
    return what === undefined
      ? this[0]
        ? slice(this[0].parentNode.children).indexOf(this[0])
        : -1
      : this.get().indexOf(nodesOf(what)[0]);
  };

  function matches(node, what) {
    if (typeof what === 'function') {
      return what.call(node, 0, node);
    }
    if (typeof what === 'string') {
      return node.nodeType === 1 && root.AmoSelect.matches(node, what);
    }
    return nodesOf(what).indexOf(node) !== -1;
  }
  $.fn.is = function (what) {
    return this.get().some(function (n) {
      return matches(n, what);
    });
  };
  $.fn.filter = function (what) {
    return new Set$(
      this.get().filter(function (n, i) {
        return typeof what === 'function' ? what.call(n, i, n) : matches(n, what);
      })
    );
  };
  $.fn.not = function (what) {
    return new Set$(
      this.get().filter(function (n) {
        return !matches(n, what);
      })
    );
  };
  $.fn.has = function (what) {
    return this.filter(function () {
      return $(this).find(what).length > 0;
    });
  };
  function walk(name, step) {
    $.fn[name] = function (what) {
      var found = [];
      this.each(function (_, node) {
        found = found.concat(step(node, what));
      });
      found = new Set$(unique(found));
      return what && name !== 'find' && name !== 'closest' && name !== 'parentsUntil'
        ? found.filter(what)
        : found;
    };
  }
  function chain(node, key) {
    var found = [];
    while ((node = node[key])) {
      if (node.nodeType === 1) {
        found.push(node);
      }
    }
    return found;
  }
  walk('find', function (node, what) {
    return node.querySelectorAll
      ? root.AmoSelect.all(
          node,
          typeof what === 'string' ? what.replace(/^\s*>/, ':scope >') : '*'
        ).filter(function (n) {
          return typeof what === 'string' || matches(n, what);
        })
      : [];
  });
  walk('closest', function (node, what) {
    if (typeof what === 'string') {
      return node.closest ? [root.AmoSelect.closest(node, what)] : [];
    }
    return [node].concat(chain(node, 'parentNode')).filter(function (n) {
      return matches(n, what);
    }).slice(0, 1);
  });
  walk('parent', function (node) {
    return node.parentNode && node.parentNode.nodeType === 1 ? [node.parentNode] : [];
  });
  walk('parents', function (node) {
    return chain(node, 'parentNode');
  });
  walk('children', function (node) {
    return slice(node.children || []);
  });
  walk('siblings', function (node) {
    return slice(node.parentNode ? node.parentNode.children : []).filter(function (n) {
      return n !== node;
    });
  });
  walk('next', function (node) {
    return [node.nextElementSibling];
  });
  walk('prev', function (node) {
    return [node.previousElementSibling];
  });
  walk('nextAll', function (node) {
    return chain(node, 'nextSibling');
  });
  walk('prevAll', function (node) {
    return chain(node, 'previousSibling');
  });
  walk('contents', function (node) {
    return slice(node.contentDocument ? [node.contentDocument] : node.childNodes);
  });

  $.remember(ROAMING);

  /** For the page's own files that go on: what is kept about a node, markup to nodes. */
  $.recordOf = recordOf;
  $.nodesOf = nodesOf;
  $.parseHTML = parse;
  root.$ = root.jQuery = $;
  root.provide('jquery', $);
})(window);
