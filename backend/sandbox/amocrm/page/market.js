/* Settings: the integrations, the window of one of them, its own settings page. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var P = root.AmoPage;
  var T = P.text;
  var STATUS = {
    install: ['не установлена', 'not installed'],
    not_configured: ['не настроена', 'not configured'],
    installed: ['установлена', 'installed']
  };
  function statusText(status) {
    return (STATUS[status] || [status, status])[root.APP.lang_id === 'en' ? 1 : 0];
  }

  function list($view) {
    root.AmoLoader.forget();
    return root.AmoLoader.fetchList().then(function (body) {
      var tiles = _.map(body.widgets, function (w) {
        return (
          '<button type="button" class="tile js-widget-tile" data-code="' +
          _.escape(w.code) +
          '"><b>' +
          _.escape(w.name) +
          '</b><span>' +
          _.escape(w.short_description || w.description) +
          '</span><i class="tile__status" data-status="' +
          w.status +
          '">' +
          statusText(w.status) +
          '</i></button>'
        );
      });
      $view.html(
        '<h1>' +
          T.widgets +
          '</h1><div class="tiles">' +
          (tiles.join('') || '<p class="empty">' + T.nothing + '</p>') +
          '</div>'
      );
      $view.on('click', '.js-widget-tile', function () {
        open(body.widgets[this.dataset.code]);
      });
      root.AmoAccess.external($view);
      var wanted = new URLSearchParams(location.search).get('code');
      if (wanted && body.widgets[wanted]) {
        setTimeout(open, 0, body.widgets[wanted]);
      }
    });
  }

  /** The window: description, fields by the manifest, the widget's own settings callback. */
  function open(item) {
    var Modal = root.require('lib/components/base/modal');
    var running = root.APP.widgets.list[item.code];
    (running ? Promise.resolve(running) : root.AmoLoader.build(item))
      .then(function (widget) {
        var saved = root.AmoLoader.parsed(item.settings);
        widget.set_settings({ status: item.status });
        var modal = new Modal({
          class_name: 'modal-widget',
          init: function ($body) {
            var active = item.active === 'Y';
            $body
              .trigger('modal:loaded')
              .html(
                '<span class="modal-body__close"><span class="icon icon-modal-close">×</span></span><div class="widget-settings widget_settings_block"><h2></h2><div class="widget_settings_block__descr"></div><form class="widget-settings__form"><div class="widget_settings_block__fields" id="widget_settings__fields_wrapper"></div><div class="widget-settings__buttons"><button type="submit" class="button button-primary ' +
                  (active ? 'js-widget-save' : 'js-widget-install') +
                  '">' +
                  (active ? T.save : T.install) +
                  '</button>' +
                  (active
                    ? '<button type="button" class="button js-widget-uninstall">' +
                      T.disable +
                      '</button>'
                    : '') +
                  '</div><p class="widget-settings__access"></p></form></div>'
              )
              .trigger('modal:centrify');
            $body.find('h2').text(item.name);
            access($body.find('.widget-settings__access'), item);
            $body.find('.widget_settings_block__descr').text(item.description || '');
            $body.find('#widget_settings__fields_wrapper').html(
              _.map((item.manifest || {}).settings || {}, function (f, key) {
                return field(item, widget, key, f, saved[key]);
              }).join('')
            );
            if (widget.callbacks.settings) {
              widget.callbacks.settings.call(widget.callbacks, $body, {});
            }
          }
        });
        modal.$el.on('submit', '.widget-settings__form', function () {
          save(item, widget, modal, true);
          return false;
        });
        modal.$el.on('click', '.js-widget-uninstall', function () {
          save(item, widget, modal, false);
        });
      })
      .catch(function (error) {
        root.APP.notifications.show_message_error({
          header: item.name,
          text: _.escape(error.message)
        });
      });
  }

  /** What installing gives away, and the way to give it once more when the code got lost. */
  function access($place, item) {
    var query = '?client_id=' + encodeURIComponent(item.oauth_client_uuid);
    $place.text(T.access + ' ');
    if (root.APP.constant('user_rights').is_admin) {
      $place.append(
        $('<a class="js-widget-consent" data-native></a>')
          .attr('href', '/oauth' + query)
          .text(T.accessAgain)
      );
    }
  }

  function field(item, widget, key, f, value) {
    var label = _.escape(widget.i18n(f.name) || widget.i18n('settings.' + key) || key);
    var input;
    if (f.type === 'users' || f.type === 'users_lp') {
      var map = root.AmoLoader.parsed(value);
      input =
        '<div class="widget-settings__users">' +
        _.map(root.APP.constant('managers'), function (m) {
          var own = map[m.id] || '';
          if (f.type === 'users') {
            return (
              '<label><span>' +
              _.escape(m.title) +
              '</span><input class="text-input" name="' +
              key +
              '[' +
              m.id +
              ']" value="' +
              _.escape(own) +
              '"></label>'
            );
          }
          return (
            '<label><span>' +
            _.escape(m.title) +
            '</span><input class="text-input" name="' +
            key +
            '[' +
            m.id +
            '][login]" value="' +
            _.escape(own.login) +
            '"><input class="text-input" type="password" name="' +
            key +
            '[' +
            m.id +
            '][password]" value="' +
            _.escape(own.password) +
            '"></label>'
          );
        }).join('') +
        '</div>';
    } else if (f.type === 'custom') {
      var raw =
        typeof value === 'object' && value !== null
          ? JSON.stringify(value)
          : value === undefined
            ? ''
            : value;
      input =
        '<input type="hidden" name="' +
        key +
        '" id="' +
        item.code +
        '_custom" value="' +
        _.escape(raw) +
        '"><div id="' +
        item.code +
        '_custom_content"></div>';
    } else {
      input =
        '<input class="text-input" name="' +
        key +
        '" type="' +
        (f.type === 'pass' ? 'password' : 'text') +
        '" value="' +
        _.escape(value) +
        '"' +
        (f.required ? ' data-required' : '') +
        '>';
    }
    return (
      '<div class="widget_settings_block__item_field"><div class="widget_settings_block__title_field">' +
      label +
      '</div><div class="widget_settings_block__input_field">' +
      input +
      '</div></div>'
    );
  }

  /** Values as the platform hands them to onSave: per-user tables are objects, custom is JSON. */
  function read($form, manifest) {
    var fields = {};
    _.each($form.serializeArray(), function (p) {
      var parts = p.name.match(/[^[\]]+/g);
      var node = fields;
      parts.slice(0, -1).forEach(function (k) {
        node = node[k] = node[k] || {};
      });
      if (parts.length === 1 || p.value !== '') {
        node[parts[parts.length - 1]] = p.value;
      }
    });
    _.each(manifest.settings || {}, function (f, key) {
      if (f.type === 'custom' && fields[key]) {
        // Plain strings are dropped by the platform: only JSON and numbers survive.
        try {
          JSON.parse(fields[key]);
        } catch (_e) {
          delete fields[key];
        }
      }
      if (f.type === 'users' || f.type === 'users_lp') {
        fields[key] = fields[key] || {};
      }
    });
    return fields;
  }

  function save(item, widget, modal, on) {
    var $button = modal.$el.find(
      on ? '.js-widget-save, .js-widget-install' : '.js-widget-uninstall'
    );
    var data = {
      active: on ? 'Y' : 'N',
      fields: read(modal.$el.find('form'), item.manifest || {})
    };
    var missing =
      on &&
      _.some((item.manifest || {}).settings || {}, function (f, key) {
        return f.required && _.isEmpty(data.fields[key]);
      });
    if (missing) {
      $button.trigger('button:save:error');
      modal.$el.find('[data-required]').addClass('text-input_error');
      return;
    }
    $button.attr('data-loading', 'Y');
    Promise.resolve(
      widget.callbacks.onSave ? widget.callbacks.onSave.call(widget.callbacks, data) : true
    )
      .then(function (ok) {
        if (ok !== true) {
          throw new Error('onSave');
        }
        return $.ajax({
          url: '/ajax/widgets/save',
          type: 'POST',
          contentType: 'application/json',
          data: { code: item.code, active: data.active, fields: data.fields }
        });
      })
      .then(function (answer) {
        var fresh = item.active !== 'Y' && on;
        widget.set_settings(
          Object.assign({}, root.AmoLoader.parsed(answer.widget.settings), {
            status: answer.widget.status,
            widget_active: answer.widget.active,
            active: answer.widget.active
          })
        );
        if (fresh && widget.callbacks.onInstall) {
          try {
            widget.callbacks.onInstall.call(widget.callbacks);
          } catch (_e) {
            /* the platform ignores its failures */
          }
        }
        modal.destroy();
        $(document).trigger(on ? 'widget:installed' : 'widget:removed', [
          item.code,
          answer.widget.settings
        ]);
        return P.show(true);
      })
      .catch(function () {
        $button.attr('data-loading', null).trigger('button:save:error');
      });
  }

  function settings($view) {
    var items = _.map(root.AmoLoader.items(), function (w) {
      var title = ((w.manifest || {}).advanced || {}).title;
      return title
        ? '<li><a href="/settings/advanced/' +
            _.escape(w.code) +
            '/">' +
            _.escape(w.name) +
            '</a></li>'
        : '';
    }).join('');
    $view.html(
      '<h1>' +
        T.settings +
        '</h1><ul class="links"><li><a href="/settings/widgets/">' +
        T.widgets +
        '</a></li><li><a href="/settings/users/">' +
        T.users +
        '</a></li><li><a href="/settings/webhooks/">' +
        T.webhooks +
        '</a></li>' +
        items +
        '</ul>'
    );
  }

  P.page(/^\/settings\/widgets\//, 'widgetsSettings', list);
  P.page(
    /^\/settings\/advanced\/([^/]+)/,
    function (path) {
      return 'advanced-settings:' + path.split('/')[3];
    },
    function ($view) {
      $view.html('<div id="list_page_holder" class="advanced"></div>');
    }
  );
  P.page(/^\/settings\//, 'settings', settings);
  P.page(
    /^\/widget_page\/([^/]+)/,
    function (path) {
      return 'widget-page:' + path.split('/')[2];
    },
    function ($view, match) {
      $view.html('<div id="work-area-' + _.escape(match[1]) + '"></div>');
    }
  );
})(window);
