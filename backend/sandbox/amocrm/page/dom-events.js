/* Events of the page's `jquery`: namespaces, delegation, custom events. */
(function (root) {
  'use strict';
  var $ = root.$;
  var recordOf = $.recordOf;

  // Events: one listener per handler; custom events are DOM events, so both worlds hear them.
  function split(name) {
    var parts = name.split('.');
    return { type: parts[0], spaces: parts.slice(1) };
  }
  function wrapEvent(native, args) {
    var event = native.$ || {
      originalEvent: native,
      type: native.type,
      target: native.target,
      which: native.which || native.keyCode,
      keyCode: native.keyCode,
      key: native.key,
      pageX: native.pageX,
      pageY: native.pageY,
      clientX: native.clientX,
      clientY: native.clientY,
      ctrlKey: native.ctrlKey,
      shiftKey: native.shiftKey,
      altKey: native.altKey,
      metaKey: native.metaKey,
      button: native.button,
      relatedTarget: native.relatedTarget,
      preventDefault: function () {
        native.preventDefault();
      },
      isDefaultPrevented: function () {
        return native.defaultPrevented;
      },
      stopPropagation: function () {
        this.stopped = true;
        this.stoppedAt = this.currentTarget;
        native.stopPropagation();
      },
      stopImmediatePropagation: function () {
        this.stopped = true;
        native.stopImmediatePropagation();
      }
    };
    native.$ = event;
    event.args = args || [];
    return event;
  }
  function on(self, names, selector, data, fn, once) {
    if (typeof names === 'object') {
      Object.keys(names).forEach(function (k) {
        on(self, k, selector, data, names[k], once);
      });
      return self;
    }
    if (typeof selector === 'function') {
      fn = selector;
      selector = null;
    } else if (typeof data === 'function') {
      fn = data;
      data = undefined;
      if (typeof selector !== 'string') {
        data = selector;
        selector = null;
      }
    }
    return self.each(function () {
      var node = this;
      names
        .split(/\s+/)
        .filter(Boolean)
        .forEach(function (name) {
          var at = split(name);
          var handler = { type: at.type, spaces: at.spaces, selector: selector, fn: fn };
          handler.listener = function (native) {
            var event = wrapEvent(native, native.detail && native.detail.$args);
            // Stopped by a delegated handler of an inner node: outer ones do not hear it any more.
            if (event.stopped && event.stoppedAt !== node) {
              return;
            }
            var path = selector ? [] : [node];
            if (selector) {
              for (var n = native.target; n && n !== node; n = n.parentNode) {
                if (n.nodeType === 1 && root.AmoSelect.matches(n, selector)) {
                  path.push(n);
                }
              }
            }
            path.every(function (current) {
              if (
                native.detail &&
                native.detail.$spaces &&
                native.detail.$spaces.some(function (s) {
                  return at.spaces.indexOf(s) === -1;
                })
              ) {
                return true;
              }
              event.currentTarget = current;
              event.delegateTarget = node;
              event.data = data;
              if (once) {
                off(self, name, selector, fn);
              }
              if (fn.apply(current, [event].concat(event.args)) === false) {
                event.preventDefault();
                event.stopPropagation();
              }
              return !event.stopped;
            });
          };
          recordOf(node).handlers.push(handler);
          node.addEventListener(
            at.type === 'mouseenter' && selector ? 'mouseover' : at.type,
            handler.listener
          );
        });
    });
  }
  function off(self, names, selector, fn) {
    if (typeof selector === 'function') {
      fn = selector;
      selector = null;
    }
    return self.each(function () {
      var node = this;
      var record = recordOf(node);
      (names === undefined ? [''] : names.split(/\s+/)).forEach(function (name) {
        var at = split(name);
        record.handlers = record.handlers.filter(function (h) {
          var hit =
            (!at.type || h.type === at.type) &&
            at.spaces.every(function (s) {
              return h.spaces.indexOf(s) !== -1;
            }) &&
            (!selector || h.selector === selector) &&
            (!fn || h.fn === fn);
          if (hit) {
            node.removeEventListener(
              h.type === 'mouseenter' && h.selector ? 'mouseover' : h.type,
              h.listener
            );
          }
          return !hit;
        });
      });
    });
  }
  $.fn.on = function (names, selector, data, fn) {
    return on(this, names, selector, data, fn, false);
  };
  $.fn.one = function (names, selector, data, fn) {
    return on(this, names, selector, data, fn, true);
  };
  $.fn.off = function (names, selector, fn) {
    return off(this, names, selector, fn);
  };
  $.fn.bind = $.fn.on;
  $.fn.unbind = $.fn.off;
  $.fn.delegate = function (selector, names, fn) {
    return this.on(names, selector, fn);
  };
  $.fn.trigger = function (name, args) {
    var at = split(typeof name === 'string' ? name : name.type);
    args = args === undefined ? [] : Array.isArray(args) ? args : [args];
    return this.each(function () {
      if (
        ['click', 'focus', 'blur', 'submit', 'select'].indexOf(at.type) !== -1 &&
        typeof this[at.type] === 'function' &&
        !at.spaces.length &&
        !args.length
      ) {
        if (at.type === 'submit') {
          this.requestSubmit();
        } else {
          this[at.type]();
        }
        return;
      }
      this.dispatchEvent(
        new CustomEvent(at.type, {
          bubbles: true,
          cancelable: true,
          detail: { $args: args, $spaces: at.spaces.length ? at.spaces : null }
        })
      );
    });
  };
  $.fn.triggerHandler = $.fn.trigger;
  [
    'click',
    'change',
    'submit',
    'focus',
    'blur',
    'keydown',
    'keyup',
    'keypress',
    'input',
    'mouseenter',
    'mouseleave',
    'mousedown',
    'mouseup',
    'mousemove',
    'scroll',
    'resize',
    'dblclick',
    'load'
  ].forEach(function (type) {
    $.fn[type] = function (fn) {
      return fn ? this.on(type, fn) : this.trigger(type);
    };
  });
  $.fn.hover = function (over, out) {
    return this.on('mouseenter', over).on('mouseleave', out || over);
  };
  $.fn.ready = function (fn) {
    ready(fn);
    return this;
  };
  $.Event = function (type, more) {
    return $.extend({ type: type }, more);
  };
})(window);
