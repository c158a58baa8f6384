// A client of the dawbridge daemon: jobs, progress, choices and the knobs of its effect chains.
//
// Everything that it shows comes from the daemon (recipes, models, chains, knobs), so that it needs
// no list of its own. The contract is what `dawbridge protocol` prints.

Dawbridge {
	var <addr;                  // NetAddr of the daemon
	var <isConnected = false;
	var <recipes, <models, <chains;  // names, sorted as the daemon tells them
	var <options;               // what is set for the next runs, by option
	var <knobs;                 // present value of each knob, by its address
	var <faders;                // the same, 0 to 1
	var <job, <progress = 0, <state = "";
	var <>onEvent;              // function of (address, arguments), for every message
	var receiver, heartbeat, window, view;

	classvar <>helloInterval = 60;

	*new { |host = "127.0.0.1", port = 7770|
		^super.new.init(host, port)
	}

	init { |host, port|
		addr = NetAddr(host, port);
		recipes = List.new;
		models = List.new;
		chains = List.new;
		options = ();
		knobs = Dictionary.new;
		faders = Dictionary.new;
	}

	// Connecting

	connect {
		this.disconnect;
		receiver = { |message, time, sender|
			if (sender.port == addr.port) { this.heard(message) };
		};
		thisProcess.addOSCRecvFunc(receiver);
		heartbeat = SkipJack({ this.hello }, helloInterval, name: "dawbridge");
		this.hello;
		this.refresh;
	}

	disconnect {
		if (receiver.notNil) {
			thisProcess.removeOSCRecvFunc(receiver);
			heartbeat.stop;
			this.send("/bridge/bye");
			receiver = nil;
			isConnected = false;
		}
	}

	hello {
		this.send("/bridge/hello", "SuperCollider", "controller");
	}

	// Ask for everything that can be listed; the answers come as they come.
	refresh {
		[recipes, models, chains].do(_.clear);
		["recipes", "models", "chains"].do { |name| this.send("/bridge/" ++ name) };
	}

	send { |address ... arguments|
		addr.sendMsg(address, *arguments);
	}

	// What a musician does

	select { |path, start = 0.0, length = 0.0|
		this.send("/bridge/select", path.standardizePath, start.asFloat, length.asFloat);
	}

	// Further arguments are options: \model, "dsp", \id, "take-7"
	run { |recipe ... arguments|
		this.send("/bridge/run", recipe, *arguments);
	}

	// As a pad does it: 1 presses, 0 lets go.
	press { |recipe, value = 1|
		this.send("/bridge/run/" ++ recipe, value.asFloat);
	}

	again {
		this.send("/bridge/again", 1.0);
	}

	cancel { |id|
		this.send("/bridge/cancel", id ? 1.0);
	}

	// "default" takes an option back.
	set { |option, value = "default"|
		this.send("/bridge/set", option, value);
	}

	askKnobs { |chain|
		this.send("/bridge/chain/" ++ chain);
	}

	turn { |chain, place, parameter, value|
		this.send("/bridge/chain/%/%/%".format(chain, place, parameter), value);
	}

	turnFader { |chain, place, parameter, position|
		this.send("/bridge/chain/%/%/%/fader".format(chain, place, parameter), position.asFloat);
	}

	reset { |chain|
		this.send("/bridge/chain/%/reset".format(chain), 1.0);
	}

	// What the daemon says

	heard { |message|
		var address = message[0].asString;
		var values = message[1..].collect { |value| if (value.isKindOf(Symbol)) { value.asString } { value } };
		var parts = address.split($/);
		if ((parts.size > 2) and: { parts[1] == "bridge" }) {
			this.take(parts[2..], values);
			onEvent.value(address, values);
			this.changed(\event, address, values);
		}
	}

	take { |parts, values|
		switch (parts[0],
			"welcome", { isConnected = true; state = "connected" },
			"recipe", { this.note(recipes, values[0]) },
			"model", { this.note(models, values[0]) },
			"set", { options[values[0].asSymbol] = values[1] },
			"selected", { state = "selected " ++ values[0] },
			"error", { state = values[2] },
			"job", { this.takeJob(parts[1], values) },
			"chain", {
				if (parts.size == 1) { this.note(chains, values[0]) };
				if (parts.size == 4) { knobs[parts[1..3].join("/")] = values[0] };
				if (parts.size == 5) { faders[parts[1..3].join("/")] = values[0] };
			}
		);
	}

	note { |list, name|
		if (list.includesEqual(name).not) { list.add(name) };
	}

	takeJob { |event, values|
		job = values[0];
		switch (event,
			"queued", { progress = 0; state = "% waits".format(values[1]) },
			"progress", { progress = values[1]; state = values[2] },
			"state", { progress = values[3]; state = values[1] },
			"done", { progress = 1; state = "done" },
			"failed", { progress = 0; state = values[2] },
			"cancelled", { progress = 0; state = "cancelled" }
		);
	}

	// A window

	gui {
		if (window.notNil) { window.close };
		window = Window("dawbridge", Rect(80, 200, 760, 520));
		view = DawbridgeView(this, window);
		window.front;
		^window
	}
}

DawbridgeView {
	var bridge, window, bar, label, recipeRow, menus, knobRow, shown, chain;

	*new { |bridge, window|
		^super.new.init(bridge, window)
	}

	init { |argBridge, argWindow|
		bridge = argBridge;
		window = argWindow;
		bar = LevelIndicator().fixedHeight_(24);
		label = StaticText();
		recipeRow = View().layout_(HLayout());
		menus = ();
		[\model, \stems, \post].do { |option| menus[option] = PopUpMenu().action_({ |menu|
			bridge.set(option, menu.item)
		}) };
		menus[\stems].items = ["default"] ++ #[drums, bass, other, vocals].collect(_.asString)
			++ #["vocals+rest", "drums+rest", "bass+rest", "-vocals", "-drums", "-bass"];
		menus[\chain] = PopUpMenu().action_({ |menu| this.showChain(menu.item) });
		knobRow = View();
		window.layout = VLayout(
			recipeRow,
			HLayout(*[\model, \stems, \post].collect { |option| [StaticText().string_(option), menus[option]] }.flatten),
			bar, label,
			HLayout(StaticText().string_("knobs of"), menus[\chain], Button().states_([["reset"]]).action_({
				chain !? { bridge.reset(chain) }
			})),
			[ScrollView().canvas_(knobRow), stretch: 1]
		);
		bridge.addDependant(this);
		window.onClose = { bridge.removeDependant(this) };
		this.showRecipes;
		this.showLists;
	}

	update { |changed, what, address, values|
		{ if (window.isClosed.not) { this.show(address, values) } }.defer;
	}

	show { |address, values|
		bar.value = bridge.progress;
		label.string = bridge.state.asString;
		case
		{ address == "/bridge/recipes/end" } { this.showRecipes }
		{ #["/bridge/models/end", "/bridge/chains/end", "/bridge/set"].includesEqual(address) } { this.showLists }
		{ address == "/bridge/chain/%/end".format(chain) } { this.showKnobs }
		{ address.beginsWith("/bridge/chain/") } { this.moveKnob(address) };
	}

	showRecipes {
		recipeRow.removeAll;
		recipeRow.layout = HLayout(*(
			bridge.recipes.collect { |name| Button().states_([[name]]).mouseDownAction_({ bridge.press(name, 1) }) }.asArray
			++ [
				Button().states_([["again"]]).action_({ bridge.again }),
				Button().states_([["cancel"]]).action_({ bridge.cancel })
			]
		));
	}

	showLists {
		menus[\model].items = ["default"] ++ bridge.models.asArray;
		menus[\post].items = ["default", "none"] ++ bridge.chains.asArray;
		if (menus[\chain].items.size != bridge.chains.size) {
			menus[\chain].items = bridge.chains.asArray;
			if (bridge.chains.notEmpty) { this.showChain(bridge.chains[0]) };
		};
		[\model, \stems, \post].do { |option|
			var index = menus[option].items.indexOfEqual((bridge.options[option] ? "default").asString);
			if (index.notNil) { menus[option].value = index };
		};
	}

	showChain { |name|
		chain = name;
		bridge.askKnobs(name);
	}

	// A row for each knob of the chain: its name, a slider, its value.
	showKnobs {
		var prefix = chain ++ "/";
		var paths = bridge.faders.keys.select(_.beginsWith(prefix)).asArray.sort;
		shown = Dictionary.new;
		knobRow.removeAll;
		knobRow.layout = VLayout(*paths.collect { |path|
			var place = path.split($/);
			var slider = Slider().orientation_(\horizontal).action_({ |view|
				bridge.turnFader(place[0], place[1], place[2], view.value)
			});
			var value = StaticText().minWidth_(90);
			shown[path] = [slider, value];
			HLayout(StaticText().string_(place[1..].join(" ")).minWidth_(200), slider, value)
		});
		paths.do { |path| this.moveKnob("/bridge/chain/" ++ path) };
	}

	moveKnob { |address|
		var path = address.split($/)[3..5].join("/");
		var pair = shown !? { shown[path] };
		if (pair.notNil) {
			pair[0].value = bridge.faders[path] ? 0;
			pair[1].string = bridge.knobs[path].asString;
		}
	}
}
