/* Content, attributes, classes and visibility of the page's `jquery`. */
(function (root) {
  'use strict';
  var $ = root.$;
  var recordOf = $.recordOf;
  var nodesOf = $.nodesOf;
  var parse = $.parseHTML;
  function slice(list) {
    return Array.prototype.slice.call(list);
  }

  function insert(name, place) {
    $.fn[name] = function () {
      var args = slice(arguments);
      return this.each(function (i, target) {
        var nodes = [];
        args.forEach(function (what) {
          if (typeof what === 'function') {
            what = what.call(target, i, target.innerHTML);
          }
          nodes = nodes.concat(
            (typeof what === 'string' && !/^\s*</.test(what)) || typeof what === 'number'
              ? [document.createTextNode(what)]
              : nodesOf(what)
          );
        });
        nodes.forEach(function (n, k) {
          nodes[k] = i ? n.cloneNode(true) : n;
        });
        place(target, nodes);
      });
    };
  }
  insert('append', function (t, nodes) {
    t.append.apply(t, nodes);
  });
  insert('prepend', function (t, nodes) {
    t.prepend.apply(t, nodes);
  });
  insert('before', function (t, nodes) {
    t.before.apply(t, nodes);
  });
  insert('after', function (t, nodes) {
    t.after.apply(t, nodes);
  });
  insert('replaceWith', function (t, nodes) {
    t.replaceWith.apply(t, nodes);
  });
  [
    ['appendTo', 'append'],
    ['prependTo', 'prepend'],
    ['insertBefore', 'before'],
    ['insertAfter', 'after']
  ].forEach(function (pair) {
    $.fn[pair[0]] = function (target) {
      $(target)[pair[1]](this);
      return this;
    };
  });
  $.fn.remove = $.fn.detach = function (what) {
    (what ? this.filter(what) : this).each(function () {
      this.remove ? this.remove() : this.parentNode && this.parentNode.removeChild(this);
    });
    return this;
  };
  $.fn.empty = function () {
    return this.each(function () {
      this.textContent = '';
    });
  };
  $.fn.clone = function () {
    return $(
      this.get().map(function (n) {
        return n.cloneNode(true);
      })
    );
  };
  $.fn.wrap = function (html) {
    return this.each(function () {
      var outer = parse(html)[0];
      this.before(outer);
      outer.append(this);
    });
  };
  $.fn.html = function (html) {
    if (html === undefined) {
      return this[0] ? this[0].innerHTML : undefined;
    }
    if (typeof html === 'object') {
      return this.empty().append(html);
    }
    return this.each(function () {
      this.innerHTML = html;
    });
  };
  $.fn.text = function (text) {
    if (text === undefined) {
      return this.get()
        .map(function (n) {
          return n.textContent;
        })
        .join('');
    }
    return this.each(function () {
      this.textContent = text;
    });
  };
  $.fn.val = function (value) {
    if (value === undefined) {
      return this[0] ? this[0].value : undefined;
    }
    return this.each(function () {
      this.value = value;
    });
  };

  function accessor(name, read, write) {
    $.fn[name] = function (key, value) {
      if (typeof key === 'object' && !Array.isArray(key)) {
        var self = this;
        Object.keys(key).forEach(function (k) {
          self[name](k, key[k]);
        });
        return this;
      }
      if (value === undefined) {
        return this[0] ? read(this[0], key) : undefined;
      }
      return this.each(function (i) {
        write(
          this,
          key,
          typeof value === 'function' ? value.call(this, i, read(this, key)) : value
        );
      });
    };
  }
  accessor(
    'attr',
    function (n, k) {
      var v = n.getAttribute ? n.getAttribute(k) : null;
      return v === null ? undefined : v;
    },
    function (n, k, v) {
      if (v === null) {
        n.removeAttribute(k);
      } else {
        n.setAttribute(k, v);
      }
    }
  );
  accessor(
    'prop',
    function (n, k) {
      return n[k];
    },
    function (n, k, v) {
      n[k] = v;
    }
  );
  accessor(
    'css',
    function (n, k) {
      return getComputedStyle(n).getPropertyValue(kebab(k));
    },
    function (n, k, v) {
      n.style.setProperty(
        kebab(k),
        typeof v === 'number' && !/opacity|index|weight|flex|zoom/.test(k) ? v + 'px' : v
      );
    }
  );
  function kebab(k) {
    return k.replace(/[A-Z]/g, function (c) {
      return '-' + c.toLowerCase();
    });
  }
  function datum(v) {
    try {
      return v === undefined ? undefined : JSON.parse(v);
    } catch (_) {
      return v;
    }
  }
  accessor(
    'data',
    function (n, k) {
      var own = recordOf(n).data;
      if (k === undefined) {
        var all = {};
        Object.keys(n.dataset || {}).forEach(function (key) {
          all[key] = datum(n.dataset[key]);
        });
        return $.extend(all, own);
      }
      return k in own
        ? own[k]
        : datum(
            n.getAttribute
              ? n.getAttribute('data-' + kebab(k)) === null
                ? undefined
                : n.getAttribute('data-' + kebab(k))
              : undefined
          );
    },
    function (n, k, v) {
      recordOf(n).data[k] = v;
    }
  );
  $.fn.removeData = function (k) {
    return this.each(function () {
      delete recordOf(this).data[k];
    });
  };
  $.fn.removeAttr = function (names) {
    return this.each(function () {
      var n = this;
      names.split(/\s+/).forEach(function (k) {
        n.removeAttribute(k);
      });
    });
  };
  $.fn.removeProp = function (k) {
    return this.each(function () {
      delete this[k];
    });
  };
  function classes(name) {
    $.fn[name + 'Class'] = function (names, on) {
      return this.each(function () {
        var list = this.classList;
        var all =
          names === undefined ? slice(list || []) : String(names).split(/\s+/).filter(Boolean);
        all.forEach(function (c) {
          if (name === 'toggle') {
            list.toggle(c, on);
          } else {
            list[name](c);
          }
        });
      });
    };
  }
  classes('add');
  classes('remove');
  classes('toggle');
  $.fn.hasClass = function (name) {
    return this.get().some(function (n) {
      return n.classList && n.classList.contains(name);
    });
  };

  function shown(on) {
    return function (_, done) {
      var fn = typeof _ === 'function' ? _ : done;
      this.each(function () {
        this.style.display = on ? '' : 'none';
        if (on && getComputedStyle(this).display === 'none') {
          this.style.display = 'block';
        }
        if (fn) {
          fn.call(this);
        }
      });
      return this;
    };
  }
  $.fn.show = $.fn.fadeIn = $.fn.slideDown = shown(true);
  $.fn.hide = $.fn.fadeOut = $.fn.slideUp = shown(false);
  $.fn.toggle =
    $.fn.slideToggle =
    $.fn.fadeToggle =
      function (on) {
        return this.each(function () {
          $(this)[
            (typeof on === 'boolean' ? on : getComputedStyle(this).display === 'none')
              ? 'show'
              : 'hide'
          ]();
        });
      };
  $.fn.stop = $.fn.finish = function () {
    return this;
  };
  $.fn.animate = function (css, time, done) {
    this.css(css);
    var fn = typeof time === 'function' ? time : done;
    if (typeof fn === 'function') {
      this.each(function () {
        fn.call(this);
      });
    }
    return this;
  };
  $.fn.offset = function () {
    if (!this[0]) {
      return undefined;
    }
    var r = this[0].getBoundingClientRect();
    return { top: r.top + root.scrollY, left: r.left + root.scrollX };
  };
  $.fn.position = function () {
    return this[0] ? { top: this[0].offsetTop, left: this[0].offsetLeft } : undefined;
  };
  ['width', 'height'].forEach(function (name) {
    var key = name.charAt(0).toUpperCase() + name.slice(1);
    $.fn[name] = function (v) {
      return v === undefined
        ? this[0] === root
          ? root['inner' + key]
          : this[0]
            ? this[0].getBoundingClientRect()[name]
            : undefined
        : this.css(name, v);
    };
    $.fn['outer' + key] = function () {
      return this[0] ? this[0]['offset' + key] : undefined;
    };
    $.fn['inner' + key] = function () {
      return this[0] ? this[0]['client' + key] : undefined;
    };
  });
  $.fn.scrollTop = function (v) {
    if (v === undefined) {
      return this[0] ? this[0].scrollTop || 0 : 0;
    }
    return this.each(function () {
      this.scrollTop = v;
    });
  };
})(window);
