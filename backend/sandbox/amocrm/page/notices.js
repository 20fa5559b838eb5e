/* Notifications of the page: its own pop-ups, the notification centre, the incoming-call card. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var SHOWN_MS = 12000;
  var items = []; // the centre's content, newest first
  var callbacks = {}; // widget code -> subscriber
  var count = 0;

  function text(html) {
    var node = document.createElement('div');
    node.innerHTML = html || '';
    node.querySelectorAll('script,iframe,object').forEach(function (n) {
      n.remove();
    });
    return node.innerHTML;
  }
  function wrapper() {
    return $('#popups_wrapper');
  }

  function popup(kind, p) {
    count += 1;
    var body = p.text && typeof p.text === 'object' ? p.text : p;
    var $item = $(
      '<div class="notification__item notification-inner" role="status"><button class="notification__close" type="button" aria-label="Закрыть">×</button><div class="notification__header"></div><div class="notification__text"></div></div>'
    );
    $item.addClass('notification__item_' + kind).attr('data-id', p.id || 'local-' + count);
    $item.find('.notification__header').html(p.without_header ? '' : _.escape(body.header || ''));
    $item.find('.notification__text').html(text(body.text));
    if (p.link) {
      $item.append(
        $('<a class="js-navigate-link notification__link">Подробнее</a>').attr('href', p.link)
      );
    }
    if (p.actions) {
      $item.append(p.actions);
    }
    $item.on('click', '.notification__close', function () {
      $item.remove();
    });
    wrapper().append($item);
    if (!p.sticky) {
      setTimeout(function () {
        $item.remove();
      }, p.timeout || SHOWN_MS);
    }
    return $item;
  }

  /** Through the server, so that it reaches every page of the user. */
  function everywhere(kind, p, done) {
    done = done || {};
    $.ajax({
      url: '/ajax/notify',
      type: 'POST',
      contentType: 'application/json',
      data: Object.assign({ kind: kind }, p)
    }).then(
      function (answer) {
        (done.done || _.noop)(answer);
        (done.always || _.noop)();
      },
      function (error) {
        (done.fail || _.noop)(error);
        (done.always || _.noop)();
      }
    );
  }

  function callText(p) {
    var who =
      p.element && p.element.id
        ? '<a class="js-navigate-link" href="/' +
          { contact: 'contacts', lead: 'leads', company: 'companies' }[p.element.type] +
          '/detail/' +
          Number(p.element.id) +
          '">' +
          _.escape(p.element.name || p.from) +
          '</a>'
        : '<a class="js-navigate-link" href="' +
          _.escape(
            p.click_link || '/contacts/add/?phone=' + String(p.from || '').replace(/\D/g, '')
          ) +
          '">' +
          _.escape(p.from) +
          '</a>';
    return who + (p.text ? '<div>' + text(p.text) + '</div>' : '');
  }

  function receive(n) {
    items.unshift(n);
    var call = n.kind === 'call';
    popup(call ? 'call' : 'error', {
      id: n.id,
      header: n.header || (call ? 'Звонок' : 'Ошибка'),
      text: call ? callText(n) : n.text,
      link: n.link
    });
    draw();
    Object.keys(callbacks).forEach(function (code) {
      callbacks[code]({
        id: n.id,
        created_at: n.created_at,
        is_read: false,
        silent: false,
        body: {
          title: n.header || '',
          icon: '',
          rows: [n.text],
          actions: { click: { url: n.click_link || '' }, buttons: [] }
        },
        click: { type: 'url', value: n.click_link || '' }
      });
    });
  }
  function remove(ids, all) {
    items = items.filter(function (n) {
      return !all && ids.indexOf(n.id) === -1;
    });
    wrapper()
      .find('.notification__item')
      .each(function () {
        if (all || ids.map(String).indexOf(this.dataset.id) !== -1) {
          this.remove();
        }
      });
    draw();
  }
  function draw() {
    $('.js-notifications_counter')
      .text(items.length || '')
      .toggle(items.length > 0);
    var rows = items.map(function (n) {
      return (
        '<li class="centre__item" data-id="' +
        n.id +
        '"><b>' +
        _.escape(n.header || (n.kind === 'call' ? 'Звонок' : 'Ошибка')) +
        '</b><div>' +
        (n.kind === 'call' ? callText(n) : text(n.text)) +
        '</div></li>'
      );
    });
    $('.js-notifications_list').html(
      rows.join('') || '<li class="centre__empty">Уведомлений нет</li>'
    );
  }

  /** The platform's own card of an incoming call (`/api/v2/events`). */
  function incoming(message) {
    var e = message.element;
    var $body = $('<div class="incoming"></div>');
    if (e) {
      $body.append(
        $('<a class="js-navigate-link incoming__name"></a>').attr('href', e.url).text(e.name)
      );
      if (e.contact) {
        $body.append($('<div class="incoming__contact"></div>').text(e.contact));
      }
    } else {
      $body.append(
        $('<a class="js-navigate-link incoming__add">Создать контакт</a>').attr(
          'href',
          '/contacts/add/?phone=' + message.phone_number.replace(/\D/g, '')
        )
      );
    }
    popup('incoming', {
      id: message.uid,
      header: 'Входящий звонок',
      text: _.escape(message.phone_number),
      actions: $body,
      sticky: true
    });
  }

  root.AmoNotices = {
    receive: receive,
    remove: remove,
    draw: draw,
    incoming: incoming,
    subscribe: function (code, fn) {
      callbacks[code] = fn;
    },
    forget: function (code) {
      delete callbacks[code];
    }
  };
  root.AmoNotices.api = {
    show_message: function (p) {
      return popup('message', p);
    },
    show_message_error: function (p) {
      return popup('error', p);
    },
    show_notification: function (p) {
      return popup(p.type || 'call', p);
    },
    add_error: function (p, done) {
      everywhere('error', p, done);
    },
    add_call: function (p, done) {
      everywhere('call', p, done);
    },
    delete: function (ids) {
      $.ajax({
        url: '/v3/inbox/delete',
        type: 'POST',
        contentType: 'application/json',
        data: { id: [].concat(ids), all: false }
      });
    }
  };
})(window);
