"""OSCQuery: the addresses of the contract as JSON over HTTP, so that hosts list them by themselves.

After the OSC Query Proposal (https://github.com/Vidvox/OSCQueryProposal), third revision. `space`
makes a node for each address from `bridge.osc.spec`; `answers` turns a URL into JSON; `session` is
a WebSocket, which carries OSC too; `server` has the sockets; `announcing` tells zeroconf.

Where hosts agree with each other and not with the proposal's letter, the hosts are followed
(libossia 2, Chataigne 1.9): a switch has true or false as its VALUE, not null, and an address that
needs no argument has the TYPE ``I``, so that it becomes a button.
"""
