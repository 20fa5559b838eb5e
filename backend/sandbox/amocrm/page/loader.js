/* Starts, restarts and stops widgets, in the order the platform's own loader has. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var CACHE_MS = 30 * 60 * 1000;
  var cache = {}; // area -> {at, body}
  var known = {}; // code -> item of the list, active or not

  function fetchList() {
    var area = root.APP.getWidgetsArea();
    var found = cache[area];
    if (found && Date.now() - found.at < CACHE_MS) {
      return Promise.resolve(found.body);
    }
    return fetch('/ajax/widgets/list', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'X-Requested-With': 'XMLHttpRequest'
      },
      body: 'area=' + encodeURIComponent(area)
    })
      .then(function (answer) {
        return answer.json();
      })
      .then(function (body) {
        cache[area] = { at: Date.now(), body: body };
        return body;
      });
  }

  function parsed(settings) {
    if (typeof settings !== 'string') {
      return settings || {};
    }
    try {
      return JSON.parse(settings) || {};
    } catch (_e) {
      return {};
    }
  }

  function load() {
    if (
      /^\/settings\/pay/.test(location.pathname) ||
      root.APP.constant('user_rights').is_free_user
    ) {
      return Promise.resolve();
    }
    return fetchList().then(function (body) {
      root.APP.widgets.system = body.system;
      known = body.widgets;
      return Promise.all(
        _.map(body.widgets, function (item, code) {
          var running = root.APP.widgets.list[code];
          if (item.active !== 'Y') {
            if (running) {
              stop(code, true);
            }
            return undefined;
          }
          if (running) {
            return running.init_once ? again(running) : undefined;
          }
          return placed(item) ? start(item) : undefined;
        })
      );
    });
  }

  /** Does the widget belong to this page? With init_once it starts everywhere. */
  function placed(item) {
    if (item.init_once === 'Y') {
      return true;
    }
    var codes = _.map((item.manifest || {}).locations || [], function (l) {
      return l.replace(/-\d$/, '');
    });
    var here = root.APP.widgets.system.area;
    return (
      codes.indexOf('everywhere') !== -1 ||
      codes.indexOf(here) !== -1 ||
      (/^advanced-settings/.test(here) && codes.indexOf('advanced_settings') !== -1)
    );
  }

  /** The widget object, made and filled, not yet rendered. */
  function build(item) {
    return new Promise(function (done, failed) {
      root.require([item.src + '?v=' + item.installed_version], done, failed);
    })
      .then(function (fn) {
        return $.getJSON(item.lang + '?v=' + item.installed_version).then(function (lang) {
          return { fn: fn, lang: lang };
        });
      })
      .then(function (parts) {
        if (typeof parts.fn !== 'function') {
          throw new Error('Widget ' + item.code + ' is not a function');
        }
        var Own = root.AmoWidget.extend(parts.fn);
        var widget = new Own();
        widget.ns = '.widget:' + item.code;
        widget.init_once = item.init_once === 'Y';
        widget.code = item.code;
        widget.name = item.name;
        widget.set_lang(parts.lang);
        widget.set_settings(
          Object.assign({}, parsed(item.settings), {
            id: item.id,
            status: item.status,
            widget_code: item.code,
            path: item.path,
            version: item.version,
            active: item.active,
            oauth_client_uuid: item.oauth_client_uuid,
            widget_active: item.active,
            images_path: item.images_path,
            support: item.support
          })
        );
        return widget;
      });
  }

  function start(item) {
    return build(item)
      .then(function (widget) {
        var calls = widget.callbacks || {};
        if (
          !calls.render ||
          !calls.init ||
          !calls.bind_actions ||
          root.APP.widgets.list[item.code]
        ) {
          return;
        }
        root.APP.widgets.list[item.code] = widget;
        run(widget);
      })
      .catch(function (error) {
        console.error(error);
      });
  }

  /* render → (loaded, init once it is truthy); bind_actions right after the call of render. */
  function run(widget) {
    var calls = widget.callbacks;
    var result = calls.render.call(calls);
    var ready = Promise.resolve(result);
    function init(ok) {
      if (!ok) {
        return;
      }
      $(document).trigger('widget:' + widget.code + ':loaded');
      calls.init.call(calls);
      byArea(widget);
    }
    if (result && typeof result.then === 'function') {
      ready.then(function (ok) {
        init(ok === undefined ? true : ok);
      }, _.noop);
    } else {
      init(result);
    }
    calls.bind_actions.call(calls);
  }
  function again(widget) {
    var result = widget.callbacks.render.call(widget.callbacks);
    Promise.resolve(result).then(function (ok) {
      if (ok) {
        byArea(widget);
      }
    }, _.noop);
  }
  function byArea(widget) {
    var area = root.APP.getWidgetsArea();
    var calls = widget.callbacks;
    if (area === 'advanced-settings:' + widget.code && calls.advancedSettings) {
      calls.advancedSettings.call(calls);
    }
    if (area === 'widget-page:' + widget.code && calls.initMenuPage) {
      calls.initMenuPage.call(calls, {
        location: 'widget_page',
        item_code: location.pathname.split('/')[3] || '',
        subitem_code: location.pathname.split('/')[4] || ''
      });
    }
  }

  function stop(code, removed) {
    var widget = root.APP.widgets.list[code];
    if (!widget) {
      return;
    }
    if (widget.callbacks.destroy) {
      widget.callbacks.destroy.call(widget.callbacks);
    }
    $(document).off(widget.ns);
    $('#widgets_block')
      .find('.card-widgets__widget-' + code)
      .remove();
    if (removed) {
      root.APP.widgets.destroyNotificationsPhone({ ns: widget.ns });
      root.AmoNotices.forget(code);
    }
    delete root.APP.widgets.list[code];
  }

  $(document).on('widgets:load', function () {
    _.each(Object.keys(root.APP.widgets.list), function (code) {
      if (!root.APP.widgets.list[code].init_once) {
        stop(code, false);
      }
    });
    load();
  });
  $(document).on('widget:installed', function () {
    cache = {};
    load();
  });
  $(document).on('widget:removed', function (_event, code) {
    cache = {};
    stop(code, true);
  });

  root.AmoLoader = {
    load: load,
    build: build,
    forget: function () {
      cache = {};
    },
    item: function (code) {
      return known[code];
    },
    items: function () {
      return known;
    },
    fetchList: fetchList,
    parsed: parsed
  };
})(window);
