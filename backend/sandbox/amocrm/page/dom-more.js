/* The rest of `jquery` that widgets meet: going back, wrapping, queues, old helpers. */
(function (root) {
  'use strict';
  var $ = root.$;

  function until(step) {
    return function (stop, filter) {
      var found = [];
      this.each(function (_i, node) {
        var at = node[step];
        while (at && at.nodeType === 1 && !(stop && $(at).is(stop))) {
          if (found.indexOf(at) === -1) {
            found.push(at);
          }
          at = at[step];
        }
      });
      return filter ? $(found).filter(filter) : $(found);
    };
  }
  $.fn.nextUntil = until('nextElementSibling');
  $.fn.prevUntil = until('previousElementSibling');
  $.fn.parentsUntil = until('parentElement');
  $.fn.offsetParent = function () {
    return this.map(function () {
      return this.offsetParent || document.documentElement;
    });
  };
  $.remember('nextUntil prevUntil parentsUntil offsetParent');
  $.fn.end = function () {
    return this.prevObject || $();
  };
  $.fn.addBack = $.fn.andSelf = function (what) {
    var back = this.end();
    return this.add(what ? back.filter(what) : back);
  };

  $.fn.size = function () {
    return this.length;
  };
  ['push', 'sort', 'splice'].forEach(function (name) {
    $.fn[name] = Array.prototype[name];
  });

  $.fn.replaceAll = function (target) {
    $(target).replaceWith(this);
    return this;
  };
  $.fn.unwrap = function () {
    this.parent().each(function (_i, node) {
      node.replaceWith.apply(node, Array.from(node.childNodes));
    });
    return this;
  };
  $.fn.wrapAll = function (html) {
    var $wrap = $(html).eq(0).clone();
    if (this.length) {
      this[0].parentNode.insertBefore($wrap[0], this[0]);
      $wrap.append(this);
    }
    return this;
  };
  $.fn.wrapInner = function (html) {
    return this.each(function (_i, node) {
      var $wrap = $(html).eq(0).clone();
      $wrap.append($(node).contents());
      $(node).append($wrap);
    });
  };
  $.fn.scrollLeft = function (value) {
    if (value === undefined) {
      return this[0] ? this[0].scrollLeft : undefined;
    }
    return this.each(function (_i, node) {
      node.scrollLeft = value;
    });
  };

  // Animation is instant, so a queue is never waited for.
  $.fn.delay = $.fn.clearQueue = $.fn.dequeue = function () {
    return this;
  };
  $.fn.queue = function (name, fn) {
    var step = typeof name === 'function' ? name : fn;
    if (!step) {
      return [];
    }
    return this.each(function (_i, node) {
      step.call(node, $.noop);
    });
  };
  $.fn.fadeTo = function (_time, opacity, easing, done) {
    var last = typeof easing === 'function' ? easing : done;
    this.css('opacity', opacity);
    return last ? this.each(last) : this;
  };
  $.fn.promise = function () {
    return $.Deferred().resolve(this).promise();
  };

  ['focusin', 'focusout', 'mouseout', 'mouseover', 'select', 'error', 'unload'].forEach(
    function (name) {
      $.fn[name] = function () {
        var args = [].slice.call(arguments);
        return args.length ? this.on.apply(this, [name].concat(args)) : this.trigger(name);
      };
    }
  );
  $.fn.undelegate = function (selector, names, fn) {
    return this.off(names, selector, fn);
  };
  ['Start', 'Stop', 'Send', 'Complete', 'Success', 'Error'].forEach(function (word) {
    $.fn['ajax' + word] = function (fn) {
      return this.on('ajax' + word, fn);
    };
  });
  var ajax = $.ajax;
  $.ajax = function (url, options) {
    var settings = typeof url === 'string' ? $.extend({ url: url }, options) : url || {};
    var answer = ajax(settings);
    function tell(word, xhr) {
      $(document).trigger('ajax' + word, [xhr, settings]);
    }
    if (settings.global !== false) {
      tell('Send', answer);
      answer.done(function (_data, _status, xhr) {
        tell('Success', xhr);
        tell('Complete', xhr);
      });
      answer.fail(function (xhr) {
        tell('Error', xhr);
        tell('Complete', xhr);
      });
    }
    return answer;
  };

  $.type = function (v) {
    return v === null || v === undefined
      ? String(v)
      : Object.prototype.toString.call(v).slice(8, -1).toLowerCase();
  };
  $.isWindow = function (v) {
    return Boolean(v) && v === v.window;
  };
  $.isXMLDoc = function (v) {
    return Boolean(v) && (v.ownerDocument || v).documentElement.nodeName !== 'HTML';
  };
  $.makeArray = function (list) {
    return list === null || list === undefined
      ? []
      : typeof list === 'object' && typeof list.length === 'number'
        ? [].slice.call(list)
        : [list];
  };
  $.merge = function (first, second) {
    [].push.apply(first, [].slice.call(second));
    return first;
  };
  $.unique = function (nodes) {
    return nodes.filter(function (n, i) {
      return nodes.indexOf(n) === i;
    });
  };
  $.camelCase = function (text) {
    return text.replace(/^-ms-/, 'ms-').replace(/-([\da-z])/gi, function (_all, letter) {
      return letter.toUpperCase();
    });
  };
  $.parseXML = function (text) {
    return new DOMParser().parseFromString(text, 'text/xml');
  };
  ['data', 'removeData', 'css', 'attr', 'prop', 'text'].forEach(function (name) {
    $[name] = function (node) {
      var $node = $(node);
      return $node[name].apply($node, [].slice.call(arguments, 1));
    };
  });
  $.hasData = function (node) {
    return !$.isEmptyObject($(node).data());
  };
  $.ready = function () {};
  $.ready.then = function (fn) {
    return Promise.resolve($).then(fn);
  };
  $.holdReady = $.ajaxPrefilter = $.ajaxTransport = $.queue = $.dequeue = $.noop;
  $.noConflict = function () {
    return $;
  };
  $.error = function (text) {
    throw new Error(text);
  };
  $.isReady = true;
  $.support = { cors: true };
  $.expr = { ':': {} };
  $.fx = { off: true, speeds: {} };
  $.cssHooks = {};
  $.guid = 1;

  /** Lists of functions fired together; of the flags `once`, `memory`, `unique`, `stopOnFalse`. */
  $.Callbacks = function (flags) {
    var has = function (flag) {
      return (flags || '').indexOf(flag) !== -1;
    };
    var list = [];
    var last = null;
    var off = false;
    var self = {
      add: function () {
        $.each(arguments, function (_i, fn) {
          if (typeof fn === 'function' && !(has('unique') && self.has(fn))) {
            list.push(fn);
            if (has('memory') && last) {
              fn.apply(last[0], last[1]);
            }
          }
        });
        return self;
      },
      remove: function (fn) {
        list = list.filter(function (f) {
          return f !== fn;
        });
        return self;
      },
      has: function (fn) {
        return fn ? list.indexOf(fn) !== -1 : list.length > 0;
      },
      empty: function () {
        list = [];
        return self;
      },
      disable: function () {
        off = true;
        return self;
      },
      fireWith: function (context, args) {
        if (!off && !(has('once') && last)) {
          last = [context, args || []];
          list.slice().every(function (fn) {
            return fn.apply(context, last[1]) !== false || !has('stopOnFalse');
          });
        }
        return self;
      },
      fire: function () {
        return self.fireWith(self, [].slice.call(arguments));
      },
      fired: function () {
        return last !== null;
      }
    };
    return self;
  };
})(window);
