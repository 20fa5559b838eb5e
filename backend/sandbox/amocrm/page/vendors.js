/* Libraries the page offers by name: small ones that work, large ones that say they are not here. */
(function (root) {
  'use strict';
  var $ = root.$;

  /** Copies what `data-clipboard-text` or `data-clipboard-target` names when clicked. */
  function Clipboard(target) {
    var self = this;
    this.handlers = {};
    this.listener = function (event) {
      var button = event.target.closest && event.target.closest(target);
      if (!button) {
        return;
      }
      var from = button.getAttribute('data-clipboard-target');
      var node = from && document.querySelector(from);
      var text = node
        ? node.value || node.textContent
        : button.getAttribute('data-clipboard-text') || '';
      navigator.clipboard.writeText(text).then(
        function () {
          self.emit('success', { text: text, trigger: button, clearSelection: $.noop });
        },
        function () {
          self.emit('error', { text: text, trigger: button });
        }
      );
    };
    document.addEventListener('click', this.listener);
  }
  Clipboard.prototype.on = function (name, fn) {
    this.handlers[name] = fn;
    return this;
  };
  Clipboard.prototype.emit = function (name, event) {
    if (this.handlers[name]) {
      this.handlers[name](event);
    }
  };
  Clipboard.prototype.destroy = function () {
    document.removeEventListener('click', this.listener);
  };

  function formatNumber(value, precision, thousand, decimal) {
    var parts = Math.abs(Number(value) || 0)
      .toFixed(precision || 0)
      .split('.');
    parts[0] = parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, thousand === undefined ? ',' : thousand);
    return (Number(value) < 0 ? '-' : '') + parts.join(decimal || '.');
  }
  var accounting = {
    formatNumber: formatNumber,
    formatMoney: function (value, symbol, precision, thousand, decimal) {
      var digits = precision === undefined ? 2 : precision;
      return (symbol === undefined ? '$' : symbol) + formatNumber(value, digits, thousand, decimal);
    },
    unformat: function (text) {
      return Number(String(text).replace(/[^\d.-]/g, '')) || 0;
    },
    toFixed: function (value, precision) {
      return Number(value).toFixed(precision || 0);
    }
  };

  function agent(pattern) {
    return function () {
      return pattern.test(navigator.userAgent);
    };
  }
  var device = {
    mobile: agent(/Mobi/),
    tablet: agent(/iPad|Tablet/),
    ios: agent(/iPhone|iPad/),
    android: agent(/Android/),
    desktop: function () {
      return !/Mobi|iPad|Tablet/.test(navigator.userAgent);
    }
  };

  var queries = {};
  var enquire = {
    register: function (query, handler) {
      var list = root.matchMedia(query);
      var calls = typeof handler === 'function' ? { match: handler } : handler;
      function tell() {
        var fn = list.matches ? calls.match : calls.unmatch;
        if (fn) {
          fn();
        }
      }
      list.addEventListener('change', tell);
      (queries[query] = queries[query] || []).push({ list: list, tell: tell });
      if (list.matches) {
        tell();
      }
      return enquire;
    },
    unregister: function (query) {
      (queries[query] || []).forEach(function (q) {
        q.list.removeEventListener('change', q.tell);
      });
      delete queries[query];
      return enquire;
    }
  };

  /* jPlayer over one audio element: setMedia, play, pause, stop, destroy. */
  $.fn.jPlayer = function (what, value) {
    this.each(function () {
      var audio = this.audio;
      if (!audio) {
        audio = this.audio = document.createElement('audio');
        audio.preload = 'metadata';
        this.appendChild(audio);
      }
      if (typeof what === 'object') {
        if (what.ready) {
          what.ready.call(this);
        }
      } else if (what === 'setMedia') {
        audio.src = value.mp3 || value.wav || value.oga || value.m4a;
      } else if (what === 'play') {
        if (value !== undefined) {
          audio.currentTime = value;
        }
        audio.play().catch($.noop);
      } else if (what === 'pause' || what === 'stop') {
        audio.pause();
        audio.currentTime = what === 'stop' ? 0 : audio.currentTime;
      } else if (what === 'destroy') {
        audio.remove();
        delete this.audio;
      }
    });
    return this;
  };

  /* Numbers of one country code each way: enough to compare and to show, not to validate. */
  function number(text, region) {
    var digits = String(text).replace(/\D/g, '');
    if (/^8\d{10}$/.test(digits) && (region || 'RU') === 'RU') {
      digits = '7' + digits.slice(1);
    }
    return {
      getCountryCode: function () {
        return Number(digits.slice(0, -10)) || undefined;
      },
      getNationalNumber: function () {
        return Number(digits.slice(-10));
      },
      digits: digits
    };
  }
  var phones = {
    parse: number,
    parseAndKeepRawInput: number,
    isValidNumber: function (n) {
      return /^\d{11,15}$/.test(n.digits);
    },
    format: function (n) {
      return '+' + n.digits;
    }
  };
  var libphonenumber = {
    PhoneNumberFormat: { E164: 0, INTERNATIONAL: 1, NATIONAL: 2, RFC3966: 3 },
    PhoneNumberUtil: {
      getInstance: function () {
        return phones;
      }
    }
  };

  var FileAPI = {
    getFiles: function (input) {
      return Array.from((input.target || input).files || []);
    },
    readAsDataURL: function (file, done) {
      var reader = new FileReader();
      reader.onload = function () {
        done({ type: 'load', result: reader.result, target: file });
      };
      reader.readAsDataURL(file);
    }
  };

  function Steady(options) {
    this.options = options || {};
  }
  Steady.prototype.addCondition = Steady.prototype.addTracker = $.noop;
  Steady.prototype.stop = Steady.prototype.resume = $.noop;

  var offered = {
    clipboard: Clipboard,
    accounting: accounting,
    device: device,
    enquire: enquire,
    jplayer: $.fn.jPlayer,
    'google-libphonenumber': libphonenumber,
    FileAPI: FileAPI,
    steady: Steady
  };
  ['quill', 'chartjs', 'fullcalendar', 'cropperjs', 'intl_tel_input'].forEach(function (name) {
    offered[name] = function () {
      throw new Error(name + ' is named here, but the sandbox does not carry it');
    };
  });
  Object.keys(offered).forEach(function (name) {
    root.provide(name, offered[name]);
  });
})(window);
