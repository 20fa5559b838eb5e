/* Selectors of the page's `jquery`: the browser's own, and the extensions widgets are fond of. */
(function (root) {
  'use strict';

  var PLAIN = {
    ':input': ':is(input,select,textarea,button)',
    ':selected': ':checked',
    ':checkbox': '[type="checkbox"]',
    ':radio': '[type="radio"]',
    ':password': '[type="password"]',
    ':file': '[type="file"]',
    ':submit': '[type="submit"]',
    ':text': ':is(input[type="text"],input:not([type]))',
    ':button': ':is(button,input[type="button"])',
    ':header': ':is(h1,h2,h3,h4,h5,h6)',
    ':parent': ':not(:empty)'
  };
  var WORD = /:(input|selected|checkbox|radio|password|file|submit|text|button|header|parent)(?![\w-])/g;
  var LAST = /:(visible|hidden|first|last|even|odd|animated|(eq|gt|lt|contains)\(([^)]*)\))$/;

  function shown(node) {
    return Boolean(node.offsetWidth || node.offsetHeight || node.getClientRects().length);
  }
  var FILTERS = {
    visible: function () {
      return shown;
    },
    hidden: function () {
      return function (node) {
        return !shown(node);
      };
    },
    animated: function () {
      return function () {
        return false;
      };
    },
    first: function () {
      return function (_node, n) {
        return n === 0;
      };
    },
    last: function () {
      return function (_node, n, all) {
        return n === all.length - 1;
      };
    },
    even: function () {
      return function (_node, n) {
        return n % 2 === 0;
      };
    },
    odd: function () {
      return function (_node, n) {
        return n % 2 === 1;
      };
    },
    eq: function (value) {
      return function (_node, n, all) {
        return n === (Number(value) < 0 ? all.length + Number(value) : Number(value));
      };
    },
    gt: function (value) {
      return function (_node, n) {
        return n > Number(value);
      };
    },
    lt: function (value) {
      return function (_node, n) {
        return n < Number(value);
      };
    },
    contains: function (value) {
      var text = value.replace(/^["']|["']$/g, '');
      return function (node) {
        return node.textContent.indexOf(text) !== -1;
      };
    }
  };

  /** Parts of a selector list; commas inside brackets and quotes do not part. */
  function parts(selector) {
    var found = [];
    var depth = 0;
    var quote = '';
    var from = 0;
    for (var i = 0; i < selector.length; i++) {
      var c = selector[i];
      if (quote) {
        quote = c === quote ? '' : quote;
      } else if (c === '"' || c === "'") {
        quote = c;
      } else if (c === '(' || c === '[') {
        depth += 1;
      } else if (c === ')' || c === ']') {
        depth -= 1;
      } else if (c === ',' && !depth) {
        found.push(selector.slice(from, i));
        from = i + 1;
      }
    }
    return found.concat(selector.slice(from));
  }

  /** {css, filters}: what the browser finds, and what has to be true of it besides. */
  function read(part) {
    var css = part.trim().replace(WORD, function (word) {
      return PLAIN[word];
    });
    var filters = [];
    var match = LAST.exec(css);
    while (match) {
      var name = match[2] || match[1];
      filters.unshift(FILTERS[name](match[3]));
      css = css.slice(0, match.index);
      match = LAST.exec(css);
    }
    return { css: /[\s>+~]$|^$/.test(css) ? css + '*' : css, filters: filters };
  }

  function all(node, selector) {
    var queries = selector.indexOf(':') === -1 ? [] : parts(selector).map(read);
    var plain = queries.every(function (q) {
      return !q.filters.length;
    });
    if (plain) {
      // In one go: the browser keeps the document's order among the parts.
      return Array.prototype.slice.call(
        node.querySelectorAll(
          queries
            .map(function (q) {
              return q.css;
            })
            .join(',') || selector
        )
      );
    }
    var found = [];
    queries.forEach(function (query) {
      var nodes = Array.prototype.slice.call(node.querySelectorAll(query.css));
      query.filters.forEach(function (filter) {
        nodes = nodes.filter(filter);
      });
      nodes.forEach(function (n) {
        if (found.indexOf(n) === -1) {
          found.push(n);
        }
      });
    });
    return found;
  }
  /** Is `node` meant? Of positions only those among its document's nodes can be told. */
  function matches(node, selector) {
    return parts(selector).some(function (part) {
      var query = read(part);
      if (!query.filters.length) {
        return node.matches(query.css);
      }
      return node.matches(query.css) && all(node.ownerDocument, part).indexOf(node) !== -1;
    });
  }
  function closest(node, selector) {
    var at = node;
    while (at && at.nodeType === 1) {
      if (matches(at, selector)) {
        return at;
      }
      at = at.parentElement;
    }
    return null;
  }

  root.AmoSelect = { all: all, matches: matches, closest: closest };
})(window);
