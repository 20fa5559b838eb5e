/* Module `moment`: parsing of dates and Unix seconds, format, add/subtract, diff, fromNow in Russian. */
(function (root) {
  'use strict';

  function moment(value, format) {
    var at =
      value === undefined
        ? new Date()
        : value && value.toDate
          ? value.toDate()
          : typeof value === 'string' && format
            ? parseDate(value, format)
            : new Date(value);
    var UNITS = {
      s: 1e3,
      second: 1e3,
      m: 6e4,
      minute: 6e4,
      h: 36e5,
      hour: 36e5,
      d: 864e5,
      day: 864e5,
      w: 6048e5,
      week: 6048e5,
      ms: 1,
      millisecond: 1
    };
    function unit(name) {
      return UNITS[name] || UNITS[String(name).replace(/s$/, '')] || 1;
    }
    var self = {
      toDate: function () {
        return new Date(at);
      },
      valueOf: function () {
        return at.getTime();
      },
      unix: function () {
        return Math.floor(at.getTime() / 1000);
      },
      isValid: function () {
        return !isNaN(at);
      },
      clone: function () {
        return moment(at);
      },
      toISOString: function () {
        return at.toISOString();
      },
      locale: function () {
        return self;
      },
      utc: function () {
        return self;
      },
      format: function (f) {
        return (f || 'YYYY-MM-DDTHH:mm:ss').replace(
          /\[([^\]]*)\]|YYYY|YY|MM|DD|HH|H|mm|ss|D|M/g,
          function (t, raw) {
            return raw !== undefined ? raw : part(t);
          }
        );
      },
      add: function (n, u) {
        at = new Date(at.getTime() + n * unit(u));
        return self;
      },
      subtract: function (n, u) {
        return self.add(-n, u);
      },
      diff: function (other, u) {
        return Math.trunc((at - moment(other).toDate()) / unit(u || 'ms'));
      },
      isBefore: function (o) {
        return at < moment(o).toDate();
      },
      isAfter: function (o) {
        return at > moment(o).toDate();
      },
      startOf: function (u) {
        var name = String(u || 'day').replace(/s$/, '');
        if (name === 'month' || name === 'year') {
          at.setDate(1);
        }
        if (name === 'year') {
          at.setMonth(0);
        }
        if (name === 'week' || name === 'isoWeek') {
          at.setDate(at.getDate() - ((at.getDay() + 6) % 7));
        }
        if (name === 'minute') {
          at.setSeconds(0, 0);
        } else if (name === 'hour') {
          at.setMinutes(0, 0, 0);
        } else {
          at.setHours(0, 0, 0, 0);
        }
        return self;
      },
      endOf: function (u) {
        var name = String(u || 'day').replace(/s$/, '');
        self.startOf(name);
        if (name === 'month') {
          at.setMonth(at.getMonth() + 1);
        } else if (name === 'year') {
          at.setFullYear(at.getFullYear() + 1);
        } else {
          at.setTime(
            at.getTime() + { week: 6048e5, isoWeek: 6048e5, hour: 36e5, minute: 6e4, day: 864e5 }[name]
          );
        }
        at.setTime(at.getTime() - 1);
        return self;
      },
      fromNow: function () {
        var m = Math.round((Date.now() - at) / 6e4);
        return m < 1
          ? 'только что'
          : m < 60
            ? m + ' мин. назад'
            : m < 1440
              ? Math.round(m / 60) + ' ч. назад'
              : Math.round(m / 1440) + ' дн. назад';
      }
    };
    function part(t) {
      var v = {
        YYYY: at.getFullYear(),
        YY: at.getFullYear() % 100,
        MM: at.getMonth() + 1,
        M: at.getMonth() + 1,
        DD: at.getDate(),
        D: at.getDate(),
        HH: at.getHours(),
        H: at.getHours(),
        mm: at.getMinutes(),
        ss: at.getSeconds()
      }[t];
      return t.length === 2 ? String(v).padStart(2, '0') : String(v);
    }
    // Read without an argument, written with one; months begin with 0, days of the week with Sunday.
    [
      ['year', 'FullYear'],
      ['month', 'Month'],
      ['date', 'Date'],
      ['hour', 'Hours'],
      ['minute', 'Minutes'],
      ['second', 'Seconds'],
      ['millisecond', 'Milliseconds']
    ].forEach(function (pair) {
      self[pair[0]] = self[pair[0] + 's'] = function (value) {
        if (value === undefined) {
          return at['get' + pair[1]]();
        }
        at['set' + pair[1]](value);
        return self;
      };
    });
    delete self.dates;
    self.day = self.days = function () {
      return at.getDay();
    };
    self.weekday = function () {
      return (at.getDay() + 6) % 7;
    };
    self.local = function () {
      return self;
    };
    self.isSame = function (o, u) {
      var other = moment(o);
      return u
        ? self.clone().startOf(u).valueOf() === other.startOf(u).valueOf()
        : at.getTime() === other.valueOf();
    };
    self.isBetween = function (from, to) {
      return self.isAfter(from) && self.isBefore(to);
    };
    self.calendar = function () {
      return self.isSame(moment(), 'day') ? self.format('HH:mm') : self.format('DD.MM.YYYY');
    };
    return self;
  }
  function parseDate(text, format) {
    if (format === 'X') {
      return new Date(Number(text) * 1000);
    }
    var read = {};
    var at = 0;
    var numbers = text.match(/\d+/g) || [];
    (format.match(/YYYY|MM|DD|HH|mm|ss/g) || []).forEach(function (t) {
      read[t] = Number(numbers[at]);
      at += 1;
    });
    return new Date(
      read.YYYY,
      (read.MM || 1) - 1,
      read.DD || 1,
      read.HH || 0,
      read.mm || 0,
      read.ss || 0
    );
  }
  moment.unix = function (s) {
    return moment(s * 1000);
  };
  moment.utc = moment;
  moment.isMoment = function (v) {
    return Boolean(v) && typeof v.isBetween === 'function';
  };
  moment.locale = function () {
    return 'ru';
  };
  moment.duration = function (n, u) {
    var ms = n * ({ seconds: 1e3, minutes: 6e4, hours: 36e5 }[u] || 1);
    return {
      asSeconds: function () {
        return ms / 1e3;
      },
      asMinutes: function () {
        return ms / 6e4;
      },
      asMilliseconds: function () {
        return ms;
      }
    };
  };

  root.moment = moment;
  root.provide('moment', moment);
})(window);
