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

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.scheduling.TaskScheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class SimulationTests {

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final Carriers carriers = new Carriers(false);

	private final List<String> log = new ArrayList<>();

	@AfterEach
	void endThreads() {
		this.carriers.close();
	}

	@Test
	void timePassesOnlyWhenEverybodyWaits() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.run(() -> {
			SimulatedProcess process = SimulatedProcess.start(simulation, "service");
			process.thread("slow", () -> {
				simulation.elapse(10 * SECOND);
				this.log.add("slow at " + simulation.nanoTime() / SECOND);
			});
			process.thread("quick", () -> {
				simulation.elapse(SECOND);
				this.log.add("quick at " + simulation.nanoTime() / SECOND);
			});
			simulation.elapse(20 * SECOND);
			this.log.add("main at " + simulation.nanoTime() / SECOND);
		});
		assertThat(this.log).containsExactly("quick at 1", "slow at 10", "main at 20");
	}

	@Test
	void seedAlwaysLeadsTheSameWayAndOthersLeadElsewhere() {
		Set<List<String>> ways = new HashSet<>();
		for (long seed = 0; seed < 20; seed++) {
			List<String> once = way(seed);
			assertThat(way(seed)).isEqualTo(once);
			ways.add(once);
		}
		assertThat(ways).hasSizeGreaterThan(5);
	}

	private List<String> way(long seed) {
		List<String> order = new ArrayList<>();
		Simulation simulation = Simulation.interleaving(seed, this.carriers);
		simulation.run(() -> {
			SimulatedProcess process = SimulatedProcess.start(simulation, "service");
			for (int i = 0; i < 4; i++) {
				int number = i;
				process.executor("worker", 4).execute(() -> {
					for (int step = 0; step < 100; step++) {
						order.add(number + "." + step);
						Simulation.point();
					}
				});
			}
			simulation.elapse(1);
		});
		assertThat(order).hasSize(400);
		return order;
	}

	/**
	 * Two threads read a counter and write it, with a point between: some schedules lose
	 * an update, cooperative ones never do.
	 */
	@Test
	void threadsAreInterruptedAtPoints() {
		long lost = LongStream.range(0, 200)
			.filter((seed) -> counted(seed, Schedule.Kind.MANY_SWITCHES, false) < 200)
			.count();
		assertThat(lost).isGreaterThan(50);
		assertThat(LongStream.range(0, 200).filter((seed) -> counted(seed, Schedule.Kind.COOPERATIVE, false) < 200))
			.isEmpty();
	}

	@Test
	void prioritiesLoseUpdatesToo() {
		assertThat(LongStream.range(0, 2000).filter((seed) -> counted(seed, Schedule.Kind.PRIORITIES, false) < 200))
			.isNotEmpty();
	}

	@Test
	void updatesAreLostInSchedulesThatInterruptAtTheirSite() {
		List<Long> losing = LongStream.range(0, 2000)
			.filter((seed) -> counted(seed, Schedule.Kind.SITES, false) < 200)
			.boxed()
			.toList();
		assertThat(losing).hasSizeBetween(10, 200);
		assertThat(losing.stream().filter((seed) -> counted(seed, Schedule.Kind.SITES, true) < 200)).isEmpty();
	}

	@Test
	void nothingComesBetweenWhatIsAtomic() {
		assertThat(LongStream.range(0, 200).filter((seed) -> counted(seed, Schedule.Kind.MANY_SWITCHES, true) < 200))
			.isEmpty();
	}

	private int counted(long seed, Schedule.Kind kind, boolean atomic) {
		int[] counter = new int[1];
		Simulation simulation = new Simulation(seed, this.carriers, kind);
		simulation.run(() -> {
			SimulatedProcess process = SimulatedProcess.start(simulation, "service");
			for (int i = 0; i < 2; i++) {
				process.thread("counter", () -> {
					for (int step = 0; step < 100; step++) {
						if (atomic) {
							Simulation.beginAtomic();
						}
						int read = counter[0];
						Simulation.point("between".hashCode());
						counter[0] = read + 1;
						if (atomic) {
							Simulation.endAtomic();
						}
						Simulation.point();
					}
				});
			}
			// Longer than all pauses together.
			simulation.elapse(TimeUnit.MINUTES.toNanos(1));
		});
		return counter[0];
	}

	@Test
	void permitEndsAWaitAndIsKept() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.run(() -> {
			SimulatedProcess process = SimulatedProcess.start(simulation, "service");
			Thread[] parked = new Thread[1];
			process.thread("parked", () -> {
				parked[0] = Thread.currentThread();
				simulation.park(10 * SECOND);
				this.log.add("woken at " + simulation.nanoTime() / SECOND);
				simulation.elapse(5 * SECOND);
				simulation.park(10 * SECOND);
				this.log.add("not parked at " + simulation.nanoTime() / SECOND);
				simulation.park(10 * SECOND);
				this.log.add("not woken at " + simulation.nanoTime() / SECOND);
			});
			simulation.elapse(2 * SECOND);
			simulation.unpark(parked[0]);
			simulation.elapse(SECOND);
			simulation.unpark(parked[0]);
			simulation.elapse(60 * SECOND);
		});
		assertThat(this.log).containsExactly("woken at 2", "not parked at 7", "not woken at 17");
	}

	@Test
	void interruptEndsASleep() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.run(() -> {
			SimulatedProcess process = SimulatedProcess.start(simulation, "service");
			Thread[] sleeping = new Thread[1];
			process.thread("sleeping", () -> {
				sleeping[0] = Thread.currentThread();
				try {
					simulation.sleep(60 * SECOND);
				}
				catch (InterruptedException ex) {
					this.log.add("interrupted at " + simulation.nanoTime() / SECOND);
				}
			});
			simulation.elapse(3 * SECOND);
			sleeping[0].interrupt();
			simulation.elapse(SECOND);
		});
		assertThat(this.log).containsExactly("interrupted at 3");
	}

	@Test
	void frozenProcessGoesOnWhenItIsWokenAndAKilledOneNever() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.run(() -> {
			SimulatedProcess frozen = counting(simulation, "frozen");
			SimulatedProcess killed = counting(simulation, "killed");
			simulation.elapse(SECOND / 2);
			frozen.freeze();
			killed.kill();
			simulation.elapse(10 * SECOND);
			this.log.add("woken");
			frozen.wake();
			killed.wake();
			simulation.elapse(SECOND);
		});
		assertThat(this.log).contains("frozen 0", "killed 0").endsWith("woken", "frozen 1");
	}

	private SimulatedProcess counting(Simulation simulation, String name) {
		SimulatedProcess process = SimulatedProcess.start(simulation, name);
		process.thread("counting", () -> {
			for (int i = 0; i < 2; i++) {
				this.log.add(name + " " + i);
				simulation.elapse(SECOND);
			}
		});
		return process;
	}

	@Test
	void executorRunsAsManyTasksAtATimeAsItHasThreads() {
		Simulation simulation = new Simulation(1, this.carriers);
		int[] running = new int[2];
		simulation.run(() -> {
			SimulatedProcess process = SimulatedProcess.start(simulation, "service");
			Executor executor = process.executor("worker", 3);
			for (int i = 0; i < 12; i++) {
				executor.execute(() -> {
					running[1] = Math.max(running[1], ++running[0]);
					simulation.elapse(SECOND);
					running[0]--;
				});
			}
			simulation.elapse(60 * SECOND);
			process.reject(true);
			assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> executor.execute(() -> {
			}));
		});
		assertThat(running).containsExactly(0, 3);
	}

	@Test
	void schedulerKeepsToSimulatedTime() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.run(() -> {
			SimulatedProcess process = SimulatedProcess.start(simulation, "service");
			TaskScheduler scheduler = process.scheduler("timer");
			process.moveClock(Duration.ofHours(-1));
			scheduler.schedule(() -> this.log.add("once at " + simulation.nanoTime() / SECOND),
					scheduler.getClock().instant().plusSeconds(3));
			Future<?> canceled = scheduler.schedule(() -> this.log.add("canceled"),
					scheduler.getClock().instant().plusSeconds(4));
			canceled.cancel(false);
			Future<?> repeated = scheduler.scheduleWithFixedDelay(
					() -> this.log.add("again at " + simulation.nanoTime() / SECOND), Duration.ofSeconds(2));
			simulation.elapse(5 * SECOND);
			repeated.cancel(false);
			simulation.elapse(60 * SECOND);
		});
		assertThat(this.log).containsExactly("again at 0", "again at 2", "once at 3", "again at 4");
	}

	@Test
	void executorServiceTerminatesWhenItsTasksAreDone() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.run(() -> {
			SimulatedExecutorService service = SimulatedProcess.start(simulation, "service").singleThread("single");
			service.execute(() -> simulation.elapse(3 * SECOND));
			service.shutdown();
			assertThat(service.awaitTermination(1, TimeUnit.SECONDS)).isFalse();
			assertThat(service.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
			assertThat(simulation.nanoTime()).isEqualTo(3 * SECOND);
		});
	}

	@Test
	void saysSoIfNothingWillEverHappen() {
		Simulation simulation = new Simulation(1, this.carriers);
		assertThatIllegalStateException()
			.isThrownBy(() -> simulation.run(() -> simulation.await(() -> false, Long.MAX_VALUE)))
			.withCauseInstanceOf(StuckSimulationException.class);
	}

	@Test
	void saysSoIfNoTimePasses() {
		Simulation simulation = new Simulation(1, this.carriers);
		assertThatIllegalStateException().isThrownBy(() -> simulation.run(() -> {
			while (true) {
				simulation.letOthersRun();
			}
		})).withCauseInstanceOf(StuckSimulationException.class);
	}

	@Test
	void failureOfAThreadIsThatOfTheSimulation() {
		Simulation simulation = new Simulation(1, this.carriers);
		assertThatIllegalStateException().isThrownBy(() -> simulation.run(() -> {
			SimulatedProcess.start(simulation, "service").thread("failing", () -> {
				throw new UnsupportedOperationException("on purpose");
			});
			simulation.elapse(SECOND);
		})).withCauseInstanceOf(UnsupportedOperationException.class);
	}

	@Test
	void threadsThatAreLeftEndWithTheSimulation() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.run(() -> {
			SimulatedProcess process = SimulatedProcess.start(simulation, "service");
			process.thread("waiting", () -> {
				try {
					simulation.elapse(60 * SECOND);
				}
				finally {
					this.log.add("unwound");
				}
			});
			simulation.elapse(SECOND);
			process.kill();
		});
		assertThat(this.log).containsExactly("unwound");
		assertThat(Simulation.present()).isNull();
	}

	@Test
	void programRunsOnAThreadAsThoseOfThePool() throws InterruptedException {
		List<Thread> threads = new ArrayList<>();
		this.carriers.run(() -> {
			threads.add(Thread.currentThread());
			Simulation simulation = new Simulation(1, this.carriers);
			simulation.run(() -> {
				SimulatedProcess.start(simulation, "service")
					.thread("other", () -> threads.add(Thread.currentThread()));
				simulation.elapse(SECOND);
			});
		});
		assertThat(threads).hasSize(2).doesNotContain(Thread.currentThread()).doesNotHaveDuplicates();
		assertThatIllegalStateException().isThrownBy(() -> this.carriers.run(() -> {
			throw new IllegalArgumentException("as intended");
		})).havingCause().withMessage("as intended");
	}

	@Test
	void storyHasTimeThreadAndEvent() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.keepStory();
		simulation.run(() -> {
			simulation.elapse(SECOND / 4);
			simulation.record(() -> "something happened");
		});
		assertThat(simulation.story()).hasSize(1);
		assertThat(simulation.story().get(0)).contains("250.000 ms", "world/main", "something happened");
	}

	@Test
	void slowThreadsLetTimePassAlthoughTheyCouldRun() {
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.slowness(500);
		long[] late = new long[1];
		simulation.run(() -> {
			for (int i = 1; i < 100; i++) {
				simulation.after(i * 1000L, () -> {
				});
			}
			for (int i = 0; i < 100; i++) {
				simulation.letOthersRun();
			}
			late[0] = simulation.nanoTime();
		});
		assertThat(late[0]).isPositive();
	}

	@Test
	void eventThatIsDueComesBeforeOrAfterSlowThreads() {
		assertThat(LongStream.range(0, 50).mapToObj((seed) -> orderOfDueEvent(seed, 1)).distinct())
			.containsExactlyInAnyOrder(List.of("event", "thread"), List.of("thread", "event"));
		assertThat(LongStream.range(0, 50).mapToObj((seed) -> orderOfDueEvent(seed, 0)).distinct())
			.containsExactly(List.of("thread", "event"));
	}

	private List<String> orderOfDueEvent(long seed, int slowness) {
		List<String> order = new ArrayList<>();
		Simulation simulation = new Simulation(seed, this.carriers);
		simulation.slowness(slowness);
		simulation.run(() -> {
			simulation.after(0, () -> order.add("event"));
			simulation.letOthersRun();
			order.add("thread");
			simulation.elapse(1);
			assertThat(simulation.nanoTime()).isOne();
		});
		return order;
	}

	@Test
	void slowThreadsLetLittleTimePassAtOnce() {
		long most = Duration.ofMillis(50).toNanos();
		Simulation simulation = new Simulation(1, this.carriers);
		simulation.slowness(1000);
		simulation.run(() -> {
			simulation.after(most, () -> this.log.add("event"));
			simulation.after(2 * most + 1, () -> this.log.add("late event"));
			for (int i = 0; i < 100; i++) {
				simulation.letOthersRun();
			}
			assertThat(simulation.nanoTime()).isEqualTo(most);
			assertThat(this.log).containsExactly("event");
			simulation.elapse(2 * most);
			assertThat(this.log).containsExactly("event", "late event");
		});
	}

}
