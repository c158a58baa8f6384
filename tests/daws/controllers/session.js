// Plays a session of Open Stage Control as far as its scripts go: `node session.js SESSION MESSAGES`.
// MESSAGES are [[address, [arguments]], …] as the program would receive them. Prints what the
// scripts sent when the widgets were made, and what they set for each message.
"use strict";
const fs = require("fs");
const vm = require("vm");
const session = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const messages = JSON.parse(process.argv[3]);
const shown = {};
const told = {sent: [], intervals: [], set: []};

function run(script, value) {
  const context = {
    value,
    send: (address, ...values) => told.sent.push([address, values]),
    get: (id) => shown[id],
    set: (id, taken) => {
      shown[id] = taken;
      told.set.push([id, taken]);
    },
    setInterval: (id, callback, delay) => {
      told.intervals.push(delay);
      callback();
    },
  };
  vm.runInNewContext(script, context);
}

function walk(widget, visit) {
  visit(widget);
  for (const inner of [...(widget.tabs || []), ...(widget.widgets || [])]) walk(inner, visit);
}

walk(session.content, (widget) => {
  shown[widget.id] = widget.default;
});
walk(session.content, (widget) => widget.onCreate && run(widget.onCreate));
for (const [address, values] of messages) {
  // A lone argument arrives as itself, several as an array.
  const value = values.length === 1 ? values[0] : values;
  walk(session.content, (widget) => {
    if (widget.onValue && widget.address === address) run(widget.onValue, value);
  });
}
console.log(JSON.stringify(told));
