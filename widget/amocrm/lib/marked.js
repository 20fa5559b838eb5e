/* The rows somebody ticked in a list of the page, in the order they are shown in there. */
define([], function () {
  'use strict';

  var KINDS = { contact: 'contact', company: 'company', lead: 'deal' };
  /* One list for the dialer holds no more. */
  var MOST = 5000;

  /* `{items: [{kind, id, name}], offered}` of what `list_selected()` says; `offered` is larger where
     the page has more ticked than it tells of (all pages of a filter). */
  return function marked(selection) {
    var places = {};
    var names = {};
    var list = APP.data && APP.data.current_list;
    if (list && typeof list.each === 'function') {
      list.each(function (model, place) {
        places[model.get('id')] = place;
        var name = model.get('name');
        /* Some lists keep a whole cell here; the server reads the card's name anyway. */
        names[model.get('id')] = typeof name === 'string' ? name : '';
      });
    }
    var rows = ((selection && selection.selected) || []).filter(function (row) {
      return KINDS[row.type] && String(row.id || '') !== '';
    });
    var place = function (row) {
      return Object.prototype.hasOwnProperty.call(places, row.id) ? places[row.id] : Infinity;
    };
    var items = rows
      .map(function (row, at) { return { row: row, at: at }; })
      .sort(function (a, b) {
        return place(a.row) === place(b.row) ? a.at - b.at : place(a.row) - place(b.row);
      })
      .slice(0, MOST)
      .map(function (one) {
        return {
          kind: KINDS[one.row.type],
          id: String(one.row.id),
          name: String(names[one.row.id] || '')
        };
      });
    var summary = Number(selection && selection.summary && selection.summary.items) || 0;
    return { items: items, offered: Math.max(summary, rows.length) };
  };
});
