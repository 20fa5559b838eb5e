/* The base every widget is extended from: settings, texts, templates, actions, requests. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var TOKEN_MS = 25 * 60 * 1000; // the page asks for a new one-time token before its 30 minutes end
  var POST_GAP_MS = 1000; // crm_post: at most one a second
  var token = null; // {value, at, uuid}
  var posts = Promise.resolve();

  function Widget() {}
  Widget.prototype = {
    set_lang: function (lang) {
      this.langs = lang || {};
    },
    i18n: function (section) {
      return String(section)
        .split('.')
        .reduce(function (node, key) {
          return node && node[key];
        }, this.langs);
    },
    set_settings: function (more) {
      this.params = Object.assign(this.params || {}, more);
    },
    get_settings: function () {
      return this.params || {};
    },
    get_version: function () {
      return String(this.get_settings().version || '');
    },
    get_install_status: function () {
      return this.get_settings().status;
    },
    set_status: function (status) {
      this.set_settings({ status: status });
    },
    system: function () {
      return root.APP.widgets.system;
    },
    get_accounts_current: function () {
      return root.APP.constant('account');
    },

    render: function (what, params) {
      params = params || {};
      if (what.ref) {
        return root.AmoControls.render(/([a-z_]+)\.twig$/.exec(what.ref)[1], params);
      }
      if (what.data !== undefined) {
        return root.require('twigjs').twig({ data: what.data }).render(params);
      }
      var base = what.base_path === undefined ? '' : what.base_path.replace(/\/?$/, '/');
      var url = base + what.href.replace(/^\//, '') + '?v=' + (what.v || this.get_version());
      var template = new Promise(function (done, failed) {
        root.require('twigjs').twig({ href: url, load: done });
        setTimeout(failed, 10000);
      });
      if (what.promised) {
        return template;
      }
      template.then(function (found) {
        if (what.load) {
          what.load.call(found, found);
        }
      }, _.noop);
      return '';
    },
    render_template: function (block, params) {
      var code = this.get_settings().widget_code;
      var $column = $('#widgets_block');
      if (!$column.length) {
        return;
      }
      $column.find('.card-widgets__widget-' + code).remove();
      var html =
        typeof block.render === 'string' ? this.render({ data: block.render }, params) : '';
      var $block = $(
        '<div class="card-widgets__widget"><div class="card-widgets__widget__caption"></div><div class="card-widgets__widget__body"></div></div>'
      ).addClass('card-widgets__widget-' + code);
      var caption = block.caption || {};
      $block
        .find('.card-widgets__widget__caption')
        .addClass(caption.class_name || '')
        .html(caption.html || _.escape(this.name || code));
      $block.find('.card-widgets__widget__body').html((block.body || '') + html);
      $column.append($block);
    },
    widgetsOverlay: function (on) {
      $('.list__overlay').toggle(Boolean(on));
    },

    list_selected: function () {
      var rows = root.APP.data.selected || [];
      return {
        selected: rows,
        count_selected: rows.length,
        summary: {
          items: rows.length,
          emails: _.flatten(_.pluck(rows, 'emails')).length,
          phones: _.flatten(_.pluck(rows, 'phones')).length
        }
      };
    },
    add_action: function (type, fn) {
      this.actions = this.actions || {};
      this.actions[type] = fn;
    },
    add_source: function (type, fn, title) {
      this.sources = this.sources || {};
      this.sources[type] = { handler: fn, title: title };
    },
    get_current_card_contacts_data: function () {
      var card = root.APP.data.current_card;
      return Promise.resolve(card ? card.contacts || [] : []);
    },

    crm_post: function (url, data, ok, dataType, fail) {
      posts = posts.then(function () {
        $.ajax({
          url: '/ajax/proxy',
          type: 'POST',
          contentType: 'application/json',
          data: { url: url, data: data },
          dataType: dataType || 'text',
          success: ok,
          error: fail
        });
        return new Promise(function (done) {
          setTimeout(done, POST_GAP_MS);
        });
      });
    },
    $authorizedAjax: function (options) {
      var answer = $.Deferred();
      oneTimeToken(this.get_settings().oauth_client_uuid).then(
        function (value) {
          var headers = Object.assign({}, options.headers, { 'X-Auth-Token': value });
          $.ajax(Object.assign({}, options, { headers: headers })).then(
            answer.resolve,
            answer.reject
          );
        },
        function (error) {
          answer.reject(error);
        }
      );
      return answer.promise();
    },
    listenSocketChannel: function (name, keys, fn) {
      return root.AmoLive.listen(name, keys, fn);
    }
  };

  function oneTimeToken(uuid) {
    if (token && token.uuid === uuid && Date.now() - token.at < TOKEN_MS) {
      return Promise.resolve(token.value);
    }
    return fetch('/ajax/v2/integrations/' + uuid + '/disposable_token', {
      headers: { 'X-Requested-With': 'XMLHttpRequest' }
    })
      .then(function (answer) {
        if (!answer.ok) {
          throw new Error('No token: ' + answer.status);
        }
        return answer.json();
      })
      .then(function (body) {
        token = { value: body.token, at: Date.now(), uuid: uuid };
        return body.token;
      });
  }

  /** A class of the widget's own, over the base, as its module's function fills it in. */
  Widget.extend = function (fill) {
    function Child() {
      this.params = {};
      fill.call(this);
    }
    Child.prototype = Object.create(Widget.prototype);
    Child.prototype.constructor = Child;
    return Child;
  };
  root.AmoWidget = Widget;
})(window);
