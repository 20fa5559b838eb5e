/* Forms, Deferred and ajax of the page's `jquery`. */
(function (root) {
  'use strict';
  var $ = root.$;
  function slice(list) {
    return Array.prototype.slice.call(list);
  }

  $.fn.serializeArray = function () {
    var found = [];
    this.each(function () {
      new FormData(this).forEach(function (value, name) {
        found.push({ name: name, value: value });
      });
    });
    return found;
  };
  $.fn.serialize = function () {
    return $.param(this.serializeArray());
  };
  $.param = function (data) {
    var pairs = [];
    function put(key, value) {
      if (Array.isArray(value)) {
        value.forEach(function (v, i) {
          put(key + '[' + (typeof v === 'object' ? i : '') + ']', v);
        });
      } else if (value && typeof value === 'object') {
        Object.keys(value).forEach(function (k) {
          put(key + '[' + k + ']', value[k]);
        });
      } else {
        pairs.push(
          encodeURIComponent(key) +
            '=' +
            encodeURIComponent(value === null || value === undefined ? '' : value)
        );
      }
    }
    if (Array.isArray(data)) {
      data.forEach(function (p) {
        put(p.name, p.value);
      });
    } else {
      Object.keys(data || {}).forEach(function (k) {
        put(k, data[k]);
      });
    }
    return pairs.join('&');
  };

  $.Deferred = function (init) {
    var state = 'pending';
    var values = [];
    var lists = { done: [], fail: [], progress: [] };
    var deferred = {};
    function settle(kind, next) {
      return function () {
        if (state === 'pending') {
          state = next;
          values = slice(arguments);
          lists[kind].splice(0).forEach(function (fn) {
            fn.apply(deferred, values);
          });
        }
        return deferred;
      };
    }
    deferred.resolve = settle('done', 'resolved');
    deferred.reject = settle('fail', 'rejected');
    deferred.resolveWith = function (_, args) {
      return deferred.resolve.apply(null, args || []);
    };
    deferred.rejectWith = function (_, args) {
      return deferred.reject.apply(null, args || []);
    };
    deferred.notify = function () {
      return deferred;
    };
    deferred.state = function () {
      return state;
    };
    function listen(kind, now) {
      return function () {
        slice(arguments).forEach(function (fn) {
          [].concat(fn).forEach(function (one) {
            if (typeof one !== 'function') {
              return;
            }
            if (state === now) {
              one.apply(deferred, values);
            } else if (state === 'pending') {
              lists[kind].push(one);
            }
          });
        });
        return this;
      };
    }
    deferred.done = listen('done', 'resolved');
    deferred.fail = listen('fail', 'rejected');
    deferred.progress = function () {
      return this;
    };
    deferred.always = function () {
      deferred.done.apply(this, arguments);
      deferred.fail.apply(this, arguments);
      return this;
    };
    deferred.then = function (yes, no) {
      var next = $.Deferred();
      function step(fn, other) {
        return function () {
          if (typeof fn !== 'function') {
            next[other].apply(null, arguments);
            return;
          }
          var result;
          try {
            result = fn.apply(deferred, arguments);
          } catch (error) {
            next.reject(error);
            return;
          }
          if (result && typeof result.then === 'function') {
            result.then(
              function () {
                next.resolve.apply(null, arguments);
              },
              function () {
                next.reject.apply(null, arguments);
              }
            );
          } else {
            next.resolve(result);
          }
        };
      }
      deferred.done(step(yes, 'resolve')).fail(step(no, 'reject'));
      return next.promise();
    };
    deferred.catch = function (no) {
      return deferred.then(null, no);
    };
    deferred.promise = function (target) {
      return target ? $.extend(target, deferred) : deferred;
    };
    if (init) {
      init.call(deferred, deferred);
    }
    return deferred;
  };
  $.when = function () {
    var all = slice(arguments);
    var next = $.Deferred();
    var left = all.length;
    var values = [];
    if (!left) {
      next.resolve();
    }
    all.forEach(function (one, i) {
      function got() {
        values[i] = arguments.length > 1 ? slice(arguments) : arguments[0];
        if (--left === 0) {
          next.resolve.apply(null, values);
        }
      }
      if (one && typeof one.then === 'function') {
        one.then(got, next.reject);
      } else {
        got(one);
      }
    });
    return next.promise();
  };

  $.ajax = function (url, options) {
    options = typeof url === 'string' ? $.extend({ url: url }, options) : url || {};
    var answer = $.Deferred();
    var request = new XMLHttpRequest();
    var method = (options.method || options.type || 'GET').toUpperCase();
    var body = options.data;
    var address = options.url || location.href;
    if (
      body &&
      typeof body === 'object' &&
      options.processData !== false &&
      !(body instanceof FormData)
    ) {
      body =
        /json/.test(options.contentType || '') && method !== 'GET'
          ? JSON.stringify(body)
          : $.param(body);
    }
    if (body && method === 'GET') {
      address += (address.indexOf('?') === -1 ? '?' : '&') + body;
      body = undefined;
    }
    request.open(method, address);
    var headers = $.extend({}, options.headers);
    var foreign = new URL(address, location.href).origin !== location.origin;
    if (!foreign) {
      headers['X-Requested-With'] = 'XMLHttpRequest';
    }
    if (body && options.contentType !== false && typeof body === 'string') {
      headers['Content-Type'] =
        options.contentType || 'application/x-www-form-urlencoded; charset=UTF-8';
    }
    Object.keys(headers).forEach(function (k) {
      request.setRequestHeader(k, headers[k]);
    });
    if (options.timeout) {
      request.timeout = options.timeout;
    }
    request.withCredentials = Boolean(options.xhrFields && options.xhrFields.withCredentials);
    if (options.beforeSend && options.beforeSend.call(options, request, options) === false) {
      answer.reject(request, 'canceled');
      return answer;
    }
    function finish(ok, first, status, last) {
      var args = [first, status, last];
      if (ok && options.success) {
        options.success.apply(options.context || options, args);
      }
      if (!ok && options.error) {
        options.error.apply(options.context || options, args);
      }
      if (options.complete) {
        options.complete.call(options, request, status);
      }
      (ok ? answer.resolve : answer.reject).apply(null, args);
    }
    request.onload = function () {
      var type =
        options.dataType ||
        (/json/.test(request.getResponseHeader('Content-Type') || '') ? 'json' : 'text');
      var data = request.responseText;
      request.responseJSON = undefined;
      try {
        request.responseJSON = JSON.parse(data);
      } catch (_) {
        /* not JSON */
      }
      if (request.status >= 200 && request.status < 300) {
        if (type === 'json' && request.status !== 204) {
          if (request.responseJSON === undefined) {
            finish(false, request, 'parsererror', 'parsererror');
            return;
          }
          data = request.responseJSON;
        }
        finish(true, data, request.status === 204 ? 'nocontent' : 'success', request);
      } else {
        finish(false, request, 'error', request.statusText);
      }
    };
    request.onerror = function () {
      finish(false, request, 'error', '');
    };
    request.ontimeout = function () {
      finish(false, request, 'timeout', 'timeout');
    };
    request.send(body === undefined ? null : body);
    answer.abort = function () {
      request.abort();
      finish(false, request, 'abort', 'abort');
      return answer;
    };
    answer.setRequestHeader = request.setRequestHeader.bind(request);
    answer.getResponseHeader = request.getResponseHeader.bind(request);
    answer.getAllResponseHeaders = request.getAllResponseHeaders.bind(request);
    // Old names of done, fail and always; jQuery 2 still has them.
    answer.success = answer.done;
    answer.error = answer.fail;
    answer.complete = answer.always;
    return answer;
  };
  function short(method, type) {
    return function (url, data, done, kind) {
      if (typeof data === 'function') {
        kind = done;
        done = data;
        data = undefined;
      }
      return $.ajax({ url: url, type: method, data: data, success: done, dataType: kind || type });
    };
  }
  $.get = short('GET');
  $.post = short('POST');
  $.getJSON = short('GET', 'json');
  $.getScript = function (url, done) {
    var answer = $.Deferred();
    var script = document.createElement('script');
    script.src = url;
    script.onload = function () {
      if (done) {
        done();
      }
      answer.resolve();
    };
    script.onerror = answer.reject;
    document.head.appendChild(script);
    return answer;
  };
  $.ajaxSetup = $.noop;
})(window);
