/* APP (alias AMOCRM): constants, state of the screen, the frame around it, navigation, live socket. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var boot = JSON.parse(document.getElementById('boot').textContent);
  var T = root.AmoTexts[boot.lang === 'en' ? 'en' : 'ru'];
  var calling = false;
  var outdated = false; // the platform brought out a new version while a call was on
  var online = [];
  var area = 'dashboard';

  var APP = {
    lang_id: boot.lang,
    constant: function (name) {
      return boot[name];
    },
    element_types: { contacts: 1, leads: 2, companies: 3, customers: 12 },
    click_event: 'click',
    is_touch_device: false,
    player_prepare: {},
    data: {
      current_card: false,
      current_list: null,
      current_view: null,
      selected: [],
      is_card: false,
      current_entity: ''
    },
    getWidgetsArea: function () {
      return area;
    },
    getBaseEntity: function () {
      return area.split(/[-_]/)[0];
    },
    isCard: function () {
      return /_card$/.test(area);
    },
    notifications: root.AmoNotices.api,
    addNotificationCallback: root.AmoNotices.subscribe,
    sdk: {
      setCallingStatus: function (on) {
        calling = Boolean(on);
        document.documentElement.dataset.calling = calling ? 'Y' : 'N';
        renew();
      },
      getCallingStatus: function () {
        return calling;
      },
      showUserStatus: function (who) {
        var all = _.map(boot.managers, function (m) {
          return { id: Number(m.id), online: online.indexOf(Number(m.id)) !== -1 };
        });
        if (who === 'online') {
          return _.filter(all, function (u) {
            return u.online;
          });
        }
        if (who !== undefined) {
          return online.indexOf(Number(who)) !== -1;
        }
        return _.indexBy(all, 'id');
      }
    },
    widgets: {
      list: {},
      system: {},
      legal_handlers: {},
      notificationsPhone: function (p) {
        APP.widgets.destroyNotificationsPhone(p);
        var $button = $(
          '<button type="button" class="nav__item nav__notifications-call-list js-notifications-phone"><span class="nav__icon">☎</span><span class="nav__text"></span><span class="js-notifications_call_list_counter nav__counter"></span></button>'
        );
        $button.attr('data-ns', p.ns).attr('aria-label', T.phone).find('.nav__text').text(T.phone);
        $button.find('.nav__counter').hide();
        $button.on('click' + p.ns, function (event) {
          p.click.call(this, event);
        });
        $('.nav__notifications').prepend($button);
        return $button;
      },
      destroyNotificationsPhone: function (p) {
        $('.js-notifications-phone')
          .filter(function () {
            return this.dataset.ns === p.ns;
          })
          .remove();
      },
      clear_cache: function () {
        root.AmoLoader.forget();
      },
      registerToRightPanel: _.noop
    }
  };

  /** A new version reloads the page; a call keeps it until it has ended. */
  function renew() {
    if (outdated && !calling) {
      location.reload();
    }
  }

  var pages = []; // {match, draw}
  var drawn = 0; // a page that finishes loading after the next navigation is thrown away

  /** Show the page of the current address; `first` is the document's own load. */
  function show(first) {
    var path = location.pathname;
    var page = _.find(pages, function (p) {
      return p.match.test(path);
    });
    var ticket = (drawn += 1);
    APP.data = {
      current_card: false,
      current_list: null,
      current_view: null,
      selected: [],
      is_card: false,
      current_entity: ''
    };
    area = typeof page.area === 'function' ? page.area(path) : page.area;
    var $view = $('<div class="view"></div>');
    document.querySelectorAll('.nav__item[href]').forEach(function (a) {
      a.classList.toggle(
        'nav__item_active',
        a.getAttribute('href') === '/' + (path.split('/')[1] ? path.split('/')[1] + '/' : '')
      );
    });
    return Promise.resolve(
      page.draw($view, page.match.exec(path), new URLSearchParams(location.search))
    ).then(function () {
      if (ticket !== drawn) {
        return;
      }
      $('#page_holder').html($view);
      if (!APP.isCard()) {
        APP.data.current_view = { $el: $view };
      }
      window.scrollTo(0, 0);
      if (!first) {
        $(document).trigger('widgets:load');
      }
      $(document).trigger('page:changed');
    });
  }
  function navigate(url, how) {
    var to = new URL(url, location.href);
    if (how && how.replace) {
      history.replaceState({}, '', to);
    } else {
      history.pushState({}, '', to);
    }
    return how && how.trigger === false ? Promise.resolve() : show(false);
  }
  var router = { navigate: navigate };

  function api(path, options) {
    options = options || {};
    return fetch('/api/v4' + path, {
      method: options.method || 'GET',
      headers: { 'X-Requested-With': 'XMLHttpRequest', 'Content-Type': 'application/json' },
      body: options.data ? JSON.stringify(options.data) : undefined
    }).then(function (answer) {
      if (answer.status === 204) {
        return null;
      }
      return answer.json().then(function (body) {
        if (!answer.ok) {
          throw Object.assign(new Error(body.detail), { body: body });
        }
        return body;
      });
    });
  }

  // Live socket: one per page, back with a growing delay.
  var listeners = [];
  var wait = 500;
  function connect() {
    var socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/ajax/live');
    socket.onopen = function () {
      wait = 500;
      document.documentElement.dataset.live = 'Y';
      refreshOnline();
    };
    socket.onmessage = function (event) {
      var message = JSON.parse(event.data);
      if (message.type === 'phone_call') {
        root.AmoNotices.incoming(message);
      }
      if (message.type === 'notification') {
        root.AmoNotices.receive(message.data);
      }
      if (message.type === 'notification_delete') {
        root.AmoNotices.remove(message.ids, message.all);
      }
      if (message.type === 'channel') {
        listeners.forEach(function (l) {
          if (l.name === message.name && (!l.keys.length || l.keys.indexOf(message.key) !== -1)) {
            l.fn(message.data, message.key);
          }
        });
      }
      if (message.type === 'release') {
        outdated = true;
        renew();
      }
      if (message.type === 'widgets') {
        root.AmoLoader.forget();
        root.AmoLoader.load();
      }
    };
    socket.onclose = function (event) {
      document.documentElement.dataset.live = 'N';
      if (event.code === 4401) {
        location.assign('/login?back=' + encodeURIComponent(location.pathname));
        return;
      }
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 15000);
    };
  }
  function refreshOnline() {
    $.getJSON('/ajax/users/online').then(function (body) {
      online = body.online;
    });
  }
  root.AmoLive = {
    listen: function (name, keys, fn) {
      var one = { name: name, keys: keys || [], fn: fn };
      listeners.push(one);
      return function () {
        listeners = _.without(listeners, one);
      };
    }
  };

  // The menu of a phone number: one item per widget that asked for it.
  function phoneMenu(button) {
    $('.phone-menu').remove();
    var value = button.dataset.value;
    var $menu = $('<div class="phone-menu" role="menu"></div>');
    _.each(APP.widgets.list, function (widget, code) {
      if (!widget.actions || !widget.actions.phone) {
        return;
      }
      var label = widget.i18n('widget.call_action') || widget.name || code;
      var $item = $('<button type="button" role="menuitem" class="phone-menu__item"></button>')
        .text(label)
        .attr('data-widget', code);
      $item.on('click', function () {
        $menu.remove();
        widget.actions.phone({ value: value, model: modelOf(button) });
      });
      $menu.append($item);
    });
    $menu.append(
      $('<button type="button" role="menuitem" class="phone-menu__item"></button>')
        .text(T.copy)
        .on('click', function () {
          $menu.remove();
          if (navigator.clipboard) {
            navigator.clipboard.writeText(value).catch(_.noop);
          }
        })
    );
    var at = button.getBoundingClientRect();
    $menu.css({ left: at.left, top: at.bottom + 4 });
    $(document.body).append($menu);
    $menu.find('button')[0].focus();
  }
  function modelOf(button) {
    var data = button.dataset;
    return new root.Backbone.Model({
      ID: data.id,
      id: data.id,
      ELEMENT_TYPE: data.type,
      element_type: Number(data.type),
      'contact[NAME]': data.name,
      entity: data.entity,
      name: { text: data.name, url: '/' + data.entity + '/detail/' + data.id }
    });
  }
  /** Markup of a number people can call. */
  function phone(value, record, entity) {
    return (
      '<button type="button" class="js-phone phone" aria-haspopup="menu" data-value="' +
      _.escape(value) +
      '" data-id="' +
      record.id +
      '" data-entity="' +
      entity +
      '" data-type="' +
      APP.element_types[entity] +
      '" data-name="' +
      _.escape(record.name) +
      '">' +
      _.escape(value) +
      '</button>'
    );
  }
  function valuesOf(record, code) {
    var field = _.find(record.custom_fields_values || [], function (f) {
      return f.field_code === code;
    });
    return field
      ? _.map(field.values, function (v) {
          return String(v.value);
        })
      : [];
  }

  function frame() {
    var links = [
      ['/', '⌂', T.dashboard],
      ['/leads/', '▤', T.leads],
      ['/contacts/', '☺', T.contacts],
      ['/todo/', '✓', T.todo],
      ['/settings/', '⚙', T.settings]
    ];
    if (boot.account.customers_mode !== 'disabled') {
      links.splice(3, 0, ['/customers/', '♥', T.customers]);
    }
    var nav = links
      .map(function (l) {
        return (
          '<a class="nav__item" href="' +
          l[0] +
          '"><span class="nav__icon">' +
          l[1] +
          '</span><span class="nav__text">' +
          l[2] +
          '</span></a>'
        );
      })
      .join('');
    $(document.body).append(
      '<nav class="nav" id="nav_menu"><div class="nav__account" title="' +
        _.escape(boot.account.name) +
        '">' +
        _.escape(boot.account.name.charAt(0)) +
        '</div>' +
        nav +
        '<div class="nav__notifications"><button type="button" class="nav__item js-notifications-toggle" aria-expanded="false"><svg class="nav__bell" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6"><path d="M4 14h12l-1.5-2V8.5a4.5 4.5 0 0 0-9 0V12zM8 16.5a2 2 0 0 0 4 0"/></svg><span class="nav__text">' +
        T.notices +
        '</span><span class="js-notifications_counter nav__counter"></span></button></div></nav>' +
        '<header class="top"><form class="top__search" role="search"><input class="text-input" name="term" aria-label="' +
        T.search +
        '" placeholder="' +
        T.search +
        '"></form><div class="top__user"><span>' +
        _.escape(boot.user.name) +
        '</span><button type="button" class="button js-theme">' +
        T.theme +
        '</button><a class="button" data-native href="/logout">' +
        T.out +
        '</a></div></header>' +
        '<main id="page_holder" class="page"></main><aside class="centre" hidden><h2>' +
        T.notices +
        '</h2><ul class="js-notifications_list"></ul></aside><div id="popups_wrapper" aria-live="polite"></div>'
    );
    root.AmoNotices.draw();
    $(document).on('click', '.js-notifications-toggle', function () {
      var c = document.querySelector('.centre');
      c.hidden = !c.hidden;
      this.setAttribute('aria-expanded', String(!c.hidden));
    });
    $(document).on('click', '.js-phone', function () {
      phoneMenu(this);
      return false;
    });
    $(document).on('click', function (event) {
      if (!event.target.closest || !event.target.closest('.phone-menu')) {
        $('.phone-menu').remove();
      }
    });
    $(document).on('keydown', function (event) {
      if (event.key === 'Escape') {
        $('.phone-menu').remove();
      }
    });
    $(document).on('click', '.js-theme', function () {
      var dark = document.documentElement.dataset.colorScheme === 'dark';
      if (dark) {
        delete document.documentElement.dataset.colorScheme;
      } else {
        document.documentElement.dataset.colorScheme = 'dark';
      }
      document.cookie = 'theme=' + (dark ? 'light' : 'dark') + '; path=/';
    });
    $(document).on('submit', '.top__search', function () {
      navigate('/contacts/list/?term=' + encodeURIComponent(this.term.value));
      return false;
    });
    $(document).on('click', 'a[href]', function (event) {
      var to = new URL(this.href, location.href);
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.shiftKey ||
        this.target ||
        this.hasAttribute('data-native') ||
        to.origin !== location.origin
      ) {
        return true;
      }
      navigate(to.href);
      return false;
    });
    window.addEventListener('popstate', function () {
      show(false);
    });
  }

  root.APP = root.AMOCRM = APP;
  root.provide('lib/common/router', router);
  root.AmoPage = {
    page: function (match, where, draw) {
      pages.push({ match: match, area: where, draw: draw });
    },
    show: show,
    navigate: navigate,
    api: api,
    phone: phone,
    valuesOf: valuesOf,
    frame: frame,
    connect: connect,
    text: T
  };
})(window);
