/* Changing and deleting a card by hand. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var P = root.AmoPage;
  var T = P.text;

  function failed(error) {
    root.APP.notifications.show_message_error({ header: T.edit, text: _.escape(error.message) });
  }

  /** Name and, where the card has them, numbers: what is left out of the list is gone. */
  function form($fields, entity, record) {
    var own = entity === 'contacts' || entity === 'companies';
    var $form = $(
      '<form class="card-edit"><label>' +
        T.name +
        '<input class="text-input" name="name" required></label>' +
        (own
          ? '<label>' + T.onePerLine + '<textarea class="text-input" name="phones"></textarea></label>'
          : '') +
        '<button class="button button-primary" type="submit">' +
        T.save +
        '</button></form>'
    );
    $form[0].elements.name.value = record.name;
    if (own) {
      $form[0].elements.phones.value = P.valuesOf(record, 'PHONE').join('\n');
    }
    $form.on('submit', function () {
      var model = { name: this.elements.name.value };
      if (own) {
        var numbers = _.compact(this.elements.phones.value.split(/\s*\n\s*/));
        model.custom_fields_values = [
          {
            field_code: 'PHONE',
            values: numbers.length
              ? numbers.map(function (n) {
                  return { value: n, enum_code: 'WORK' };
                })
              : null
          }
        ];
      }
      P.api('/' + entity + '/' + record.id, { method: 'PATCH', data: model }).then(function () {
        return P.show(true);
      }, failed);
      return false;
    });
    $fields.find('.card-edit').remove();
    $fields.append($form);
  }

  root.AmoEdit = {
    buttons: function ($fields, entity, record) {
      var $bar = $(
        '<div class="card-buttons"><button type="button" class="button js-card-edit">' +
          T.edit +
          '</button> <button type="button" class="button js-card-delete">' +
          T.remove +
          '</button></div>'
      );
      $bar.on('click', '.js-card-edit', function () {
        form($fields, entity, record);
      });
      $bar.on('click', '.js-card-delete', function () {
        $.ajax({ url: '/ajax/cards/' + entity + '/' + record.id, type: 'DELETE' }).then(
          function () {
            P.navigate(entity === 'leads' ? '/leads/list/' : '/' + entity + '/list/');
          },
          function () {
            failed(new Error(T.notFound));
          }
        );
      });
      $fields.append($bar);
    }
  };
})(window);
