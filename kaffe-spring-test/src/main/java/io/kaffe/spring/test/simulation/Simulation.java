/*
 * Copyright 2026-present the original author or authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.kaffe.spring.test.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * A deterministic simulation: threads of which one runs at a time, and time that passes
 * only when nothing runs, or when the seed says that the threads are slow. The same seed
 * and the same program always lead the same way.
 * <p>
 * Threads are switched when one waits or ends, and, if the schedule says so, at
 * {@link #point() points}.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time; the turn is
 * passed from carrier to carrier. No field is volatile therefore.
 */
public final class Simulation implements SimulatedTime {

	/** How many switches may follow each other without time passing. */
	private static final int MOST_SWITCHES_AT_ONE_TIME = 200_000;

	private static final int UNWINDINGS = 10_000;

	private static final int STACK_LENGTH = 600;

	private static @Nullable Simulation present;

	/** How much time passes at a time although threads can run. */
	private static final long SLOWEST_NANOS = 50_000_000;

	private final PriorityQueue<Event> events = new PriorityQueue<>();

	/** Threads that can run and do not, in the order of their numbers. */
	private final List<SimulatedThread> ready = new ArrayList<>();

	private final List<SimulatedThread> waiting = new ArrayList<>();

	/** The site of a thread that has its permit when it parks. */
	private static final int PARK = 0x9E37_79B9;

	/** The site of a thread that has given another one its permit. */
	private static final int UNPARK = 0x7F4A_7C15;

	private final List<String> story = new ArrayList<>();

	private final Carriers carriers;

	private final SplittableRandom random;

	private final Schedule schedule;

	private final SimulatedProcess outside = new SimulatedProcess(this, "world");

	private final List<SimulatedProcess> processes = new ArrayList<>();

	private @Nullable Carrier main;

	private boolean keepsStory;

	private long now;

	private long numbers;

	private int threads;

	private int switchesAtOneTime;

	private long pointsLeft = Long.MAX_VALUE;

	private long turnLength = Long.MAX_VALUE;

	private long pointsPassed;

	private boolean ended;

	private int slowness;

	private int unwindings;

	private @Nullable SimulatedThread running;

	private @Nullable Throwable failure;

	/**
	 * Create a simulation.
	 * @param seed decides everything that is not decided otherwise
	 * @param carriers what its threads run on
	 */
	public Simulation(long seed, Carriers carriers) {
		this(seed, carriers, Schedule.Kind.COOPERATIVE);
	}

	Simulation(long seed, Carriers carriers, Schedule.Kind kind) {
		this.random = new SplittableRandom(seed);
		this.carriers = carriers;
		this.schedule = new Schedule(kind, this.random.split());
	}

	/**
	 * Create a simulation whose threads are interrupted at points.
	 * @param seed decides everything
	 * @param carriers what its threads run on
	 * @return a simulation with one of the kinds of schedules
	 */
	public static Simulation interleaving(long seed, Carriers carriers) {
		List<Schedule.Kind> kinds = Schedule.Kind.KINDS;
		return new Simulation(seed, carriers,
				kinds.get((int) Long.remainderUnsigned(seed * 0x9E3779B97F4A7C15L >>> 17, kinds.size())));
	}

	/**
	 * Pass a point of the simulation that runs, if there is one: another thread may get
	 * its turn.
	 */
	public static void point() {
		Simulation simulation = present;
		if (simulation != null && --simulation.pointsLeft <= 0) {
			simulation.interrupt();
		}
	}

	/**
	 * Pass a point of the simulation that runs, if there is one: another thread may get
	 * its turn.
	 * @param site where the point is in the code: a hash of its class in the upper 16
	 * bits, and one of its place in the class in the lower ones
	 */
	public static void point(int site) {
		Simulation simulation = present;
		if (simulation != null && (--simulation.pointsLeft <= 0 || simulation.schedule.interruptsAt(site))) {
			simulation.interrupt();
		}
	}

	/**
	 * Begin something that no other thread may come between. May be nested.
	 */
	public static void beginAtomic() {
		Simulation simulation = present;
		if (simulation != null && simulation.running != null) {
			simulation.running.atomic++;
		}
	}

	/**
	 * End what {@link #beginAtomic()} began.
	 */
	public static void endAtomic() {
		Simulation simulation = present;
		if (simulation != null && simulation.running != null && simulation.running.atomic > 0) {
			simulation.running.atomic--;
		}
	}

	/**
	 * Return the simulation that runs.
	 * @return it, or {@code null}
	 */
	public static @Nullable Simulation present() {
		return present;
	}

	/**
	 * Keep the story, to be read in the end.
	 */
	public void keepStory() {
		this.keepsStory = true;
	}

	/**
	 * Return the story so far.
	 * @return its lines, in order
	 */
	public List<String> story() {
		return this.story;
	}

	/**
	 * Describe where all threads are that have begun and not ended.
	 * @return a line for each, with the innermost calls
	 */
	public List<String> stacks() {
		List<String> stacks = new ArrayList<>();
		for (SimulatedProcess process : this.processes) {
			for (SimulatedThread thread : process.living()) {
				StringBuilder line = new StringBuilder(thread.toString());
				if (thread.carrier != null) {
					for (StackTraceElement element : thread.carrier.thread().getStackTrace()) {
						if (element.getClassName().startsWith("io.kaffe.") && line.length() < STACK_LENGTH) {
							String name = element.getClassName();
							line.append(" < ")
								.append(name.substring(name.lastIndexOf('.') + 1))
								.append('.')
								.append(element.getMethodName());
						}
					}
				}
				stacks.add(line.toString());
			}
		}
		return stacks;
	}

	/**
	 * Let threads be slow: time passes sometimes although they could run.
	 * @param slowness in how many of a thousand switches
	 */
	public void slowness(int slowness) {
		this.slowness = slowness;
	}

	/**
	 * Return how many points were passed.
	 * @return their number
	 */
	public long points() {
		return this.pointsPassed + passed();
	}

	/**
	 * Run a program as the first thread of the simulation, at the calling thread, and end
	 * the simulation with it.
	 * @param program the program
	 */
	public void run(Runnable program) {
		Carrier carrier = new Carrier(this.carriers);
		carrier.adopt(Thread.currentThread());
		SimulatedThread main = new SimulatedThread(this.threads++, "main", this.outside, program, false,
				this.schedule.newPriority());
		main.carrier = carrier;
		this.main = carrier;
		this.carriers.enter(carrier);
		carrier.running = main;
		carrier.simulation = this;
		if (present != null) {
			throw new IllegalStateException("Another simulation is running");
		}
		present = this;
		this.running = main;
		nextTurn();
		try {
			main.run();
			if (this.failure != null) {
				throw new IllegalStateException("A simulated thread has failed", this.failure);
			}
		}
		finally {
			unwind(main);
			present = null;
			this.carriers.leave(carrier);
		}
	}

	/**
	 * End all threads that there still are.
	 */
	private void unwind(SimulatedThread main) {
		this.ended = true;
		this.pointsPassed = points();
		this.turnLength = Long.MAX_VALUE;
		this.pointsLeft = Long.MAX_VALUE;
		List<SimulatedThread> left = new ArrayList<>(this.ready);
		left.addAll(this.waiting);
		this.processes.forEach((process) -> left.addAll(process.held()));
		this.ready.clear();
		this.waiting.clear();
		this.events.clear();
		main.ended = true;
		for (SimulatedThread thread : left) {
			if (thread.carrier != null && !thread.ended && thread != main) {
				this.running = thread;
				// It passes the turn back when it has ended.
				thread.carrier.pass(null);
				Objects.requireNonNull(main.carrier).awaitTurn();
			}
		}
	}

	/**
	 * Return the process that everything belongs to that belongs to no other.
	 * @return the process of the world
	 */
	public SimulatedProcess outside() {
		return this.outside;
	}

	/**
	 * Return whether the calling thread is the simulated thread that runs, so that it may
	 * wait.
	 * @return {@code false} for threads that are not simulated, and in events
	 */
	public boolean isRunningThread() {
		SimulatedThread thread = this.running;
		Carrier carrier = (thread != null) ? thread.carrier : null;
		return !this.ended && carrier != null && carrier.thread() == Thread.currentThread();
	}

	/**
	 * Return the thread that runs.
	 * @return the running thread, or {@code null} in an event
	 */
	public @Nullable SimulatedThread running() {
		return this.running;
	}

	SimulatedProcess add(SimulatedProcess process) {
		this.processes.add(process);
		return process;
	}

	SimulatedThread start(SimulatedProcess process, String name, Runnable body, boolean dedicated) {
		SimulatedThread thread = new SimulatedThread(this.threads++, name, process, body, dedicated,
				this.schedule.newPriority());
		if (!this.ended) {
			this.ready.add(thread);
		}
		return thread;
	}

	@Override
	public long nanoTime() {
		return this.now;
	}

	@Override
	public int choose(int bound) {
		return this.random.nextInt(bound);
	}

	@Override
	public void record(Supplier<String> line) {
		if (this.keepsStory && !this.ended) {
			SimulatedThread thread = this.running;
			this.story
				.add("%,11.3f ms  %-24s %s".formatted(this.now / 1e6, (thread != null) ? thread : "-", line.get()));
		}
	}

	@Override
	public void after(long nanos, Runnable event) {
		if (!this.ended) {
			this.events.add(new Event(saturated(nanos), this.numbers++, event, null, 0));
		}
	}

	@Override
	public boolean await(BooleanSupplier condition, long nanos) {
		SimulatedThread self = self();
		checkEnded();
		if (condition.getAsBoolean() || nanos <= 0) {
			letOthersRun();
			return condition.getAsBoolean();
		}
		beginToWait(self, condition, nanos);
		switchFrom(self);
		return condition.getAsBoolean();
	}

	private void beginToWait(SimulatedThread self, BooleanSupplier condition, long nanos) {
		self.condition = condition;
		self.deadline = saturated(nanos);
		self.waits++;
		if (self.deadline < Long.MAX_VALUE) {
			this.events.add(new Event(self.deadline, this.numbers++, null, self, self.waits));
		}
		this.waiting.add(self);
	}

	/**
	 * Let others run, if the seed wants so.
	 */
	public void letOthersRun() {
		SimulatedThread self = self();
		checkEnded();
		if (self.atomic == 0) {
			this.ready.add(self);
			switchFrom(self);
		}
	}

	/**
	 * Let others run, since the calling thread waits for one of them without saying so.
	 */
	public void spin() {
		this.schedule.interrupted(self());
		letOthersRun();
	}

	/**
	 * Let time pass.
	 * @param nanos how much
	 */
	public void elapse(long nanos) {
		await(() -> false, nanos);
	}

	/**
	 * Let time pass unless the calling thread is interrupted.
	 * @param nanos how much
	 * @throws InterruptedException if it is interrupted
	 */
	public void sleep(long nanos) throws InterruptedException {
		Carrier carrier = Objects.requireNonNull(self().carrier);
		await(carrier::isInterrupted, nanos);
		if (Thread.interrupted()) {
			throw new InterruptedException();
		}
	}

	/**
	 * Let the calling thread wait for its permit, as
	 * {@link java.util.concurrent.locks.LockSupport#parkNanos(long)}.
	 * @param nanos how long at most
	 */
	public void park(long nanos) {
		SimulatedThread self = self();
		if (!self.permit && !Thread.currentThread().isInterrupted()) {
			await(() -> self.permit || Objects.requireNonNull(self.carrier).isInterrupted(), nanos);
		}
		else {
			point(PARK);
		}
		self.permit = false;
	}

	/**
	 * Give a thread its permit.
	 * @param thread a carrier of this simulation; others are left alone
	 */
	public void unpark(@Nullable Thread thread) {
		Carrier carrier = this.carriers.carrierOf(thread);
		SimulatedThread unparked = (carrier != null && carrier.simulation == this) ? carrier.running : null;
		if (unparked != null) {
			unparked.permit = true;
		}
		point(UNPARK);
	}

	private long saturated(long nanos) {
		long time = this.now + Math.max(0, nanos);
		return (time < 0) ? Long.MAX_VALUE : time;
	}

	private SimulatedThread self() {
		SimulatedThread self = this.running;
		if (self == null) {
			throw new IllegalStateException("An event must not wait");
		}
		return self;
	}

	private void checkEnded() {
		if (this.ended) {
			if (++this.unwindings > UNWINDINGS) {
				throw new IllegalStateException("A thread does not end with its simulation");
			}
			throw new SimulationEndedError();
		}
	}

	private void nextTurn() {
		this.pointsPassed += passed();
		this.turnLength = this.schedule.nextTurn();
		this.pointsLeft = this.turnLength;
	}

	private long passed() {
		return this.turnLength - this.pointsLeft;
	}

	private void interrupt() {
		SimulatedThread self = this.running;
		if (self == null || this.ended || self.atomic > 0) {
			// At the next point, then.
			this.pointsPassed += passed();
			this.turnLength = 1;
			this.pointsLeft = 1;
			return;
		}
		this.schedule.interrupted(self);
		nextTurn();
		long pause = (self.process() != this.outside) ? this.schedule.pauseNanos() : 0;
		if (pause > 0) {
			beginToWait(self, () -> false, pause);
		}
		else {
			this.ready.add(self);
		}
		switchFrom(self);
	}

	/**
	 * Let others run until it is the turn of the calling thread again.
	 */
	private void switchFrom(SimulatedThread self) {
		SimulatedThread next = next();
		if (next != self) {
			Carrier carrier = Objects.requireNonNull(self.carrier);
			passTo(next, null);
			carrier.awaitTurn();
		}
		checkEnded();
		if (this.failure != null) {
			throw new IllegalStateException("A simulated thread has failed", this.failure);
		}
	}

	private void passTo(SimulatedThread next, @Nullable Thread ending) {
		Carrier carrier = next.carrier;
		if (carrier == null) {
			carrier = this.carriers.take();
			carrier.simulation = this;
			carrier.running = next;
			next.carrier = carrier;
		}
		carrier.pass(ending);
	}

	/**
	 * Run simulated threads on a carrier until the turn has been passed.
	 * @return whether the carrier lives on
	 */
	boolean carry(Carrier carrier) {
		SimulatedThread thread = Objects.requireNonNull(carrier.running);
		while (true) {
			try {
				if (!this.ended) {
					thread.run();
				}
			}
			catch (SimulationEndedError ex) {
				// As intended.
			}
			catch (Throwable ex) {
				if (this.failure == null && !this.ended) {
					this.failure = ex;
				}
			}
			thread.ended = true;
			thread.atomic = 0;
			Thread.interrupted();
			thread.process().ended(thread);
			boolean lives = !thread.isDedicated();
			if (!lives) {
				this.carriers.leave(carrier);
			}
			Thread ending = lives ? null : carrier.thread();
			if (this.ended) {
				if (lives) {
					release(carrier);
				}
				Objects.requireNonNull(this.main).pass(ending);
				return lives;
			}
			SimulatedThread next = next();
			if (lives && next.carrier == null) {
				next.carrier = carrier;
				carrier.running = next;
				thread = next;
				continue;
			}
			if (lives) {
				release(carrier);
			}
			passTo(next, ending);
			return lives;
		}
	}

	private void release(Carrier carrier) {
		carrier.running = null;
		carrier.simulation = null;
		this.carriers.giveBack(carrier);
	}

	/**
	 * Find the thread that runs next, and let pass what time passes until then.
	 */
	private SimulatedThread next() {
		this.running = null;
		while (true) {
			if (this.failure != null) {
				return failed(this.failure);
			}
			wakeWaiting();
			boolean canRun = !this.ready.isEmpty();
			Event first = this.events.peek();
			if (canRun && !comesFirst(first)) {
				SimulatedThread next = this.schedule.choose(this.ready);
				this.ready.remove(next);
				if (next.process().isRunning()) {
					if (++this.switchesAtOneTime > MOST_SWITCHES_AT_ONE_TIME) {
						return failed(new StuckSimulationException("Threads go on without time passing: " + next));
					}
					this.running = next;
					return next;
				}
				next.process().hold(next);
				continue;
			}
			if (first == null) {
				return failed(new StuckSimulationException("Nothing will ever happen that could wake " + this.waiting));
			}
			this.events.poll();
			if (first.time() > this.now) {
				this.now = first.time();
				this.switchesAtOneTime = 0;
			}
			if (first.action() != null) {
				try {
					first.action().run();
				}
				catch (Throwable ex) {
					return failed(ex);
				}
			}
			else if (first.thread() != null && first.thread().waits == first.waits()) {
				first.thread().deadline = this.now;
			}
		}
	}

	/**
	 * Return whether an event comes before threads that can run: one that is due races
	 * with them, and slow threads let time pass.
	 */
	private boolean comesFirst(@Nullable Event first) {
		if (first == null || this.slowness == 0) {
			return false;
		}
		if (first.time() <= this.now) {
			return this.random.nextBoolean();
		}
		return first.time() - this.now <= SLOWEST_NANOS && this.random.nextInt(1000) < this.slowness;
	}

	/**
	 * Only the program goes on, and ends.
	 */
	private SimulatedThread failed(Throwable cause) {
		this.failure = cause;
		SimulatedThread program = Objects.requireNonNull(Objects.requireNonNull(this.main).running);
		this.waiting.remove(program);
		this.ready.remove(program);
		program.condition = null;
		this.running = program;
		return program;
	}

	private void wakeWaiting() {
		for (int index = 0; index < this.waiting.size(); index++) {
			SimulatedThread thread = this.waiting.get(index);
			if (thread.process().isRunning()
					&& (thread.deadline <= this.now || Objects.requireNonNull(thread.condition).getAsBoolean())) {
				this.waiting.remove(index--);
				thread.condition = null;
				thread.waits++;
				this.ready.add(thread);
			}
		}
	}

	/**
	 * Let threads that were held go on.
	 */
	void resume(List<SimulatedThread> held) {
		this.ready.addAll(held);
	}

	/**
	 * Something that happens at a time: an action, or the end of a wait.
	 */
	private record Event(long time, long number, @Nullable Runnable action, @Nullable SimulatedThread thread,
			long waits) implements Comparable<Event> {

		@Override
		public int compareTo(Event other) {
			return (this.time != other.time) ? Long.compare(this.time, other.time)
					: Long.compare(this.number, other.number);
		}

	}

}
