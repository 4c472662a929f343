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

package io.kaffe.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * Puts points into classes: before whatever is seen by other threads. That is each access
 * to a volatile field or to a field with a collection, and each call of a class of
 * {@code java.util.concurrent}, of a {@code VarHandle}, of a queue and of a consumer.
 * What runs under a monitor is atomic. Classes without points, those of the listener
 * container, wait and read the clock in the simulation all the same, and take
 * {@linkplain Shortcuts shortcuts}.
 * <p>
 * <b>Threading.</b> Used by one thread.
 */
final class Weaving {

	private static final String SIMULATION = Simulation.class.getName().replace('.', '/');

	private static final String POINTS = Points.class.getName().replace('.', '/');

	private static final String SHORTCUTS = Shortcuts.class.getName().replace('.', '/');

	private static final Set<String> COMPUTATIONS = Set.of("compute", "computeIfAbsent", "computeIfPresent", "merge");

	private static final Set<String> MAPS = Set.of("java/util/Map", "java/util/concurrent/ConcurrentMap",
			"java/util/concurrent/ConcurrentHashMap", "java/util/concurrent/ConcurrentSkipListMap");

	/** The types of fields with collections that several threads use. */
	private static final Set<String> COLLECTIONS = Set.of("Ljava/util/Collection;", "Ljava/util/Map;",
			"Ljava/util/NavigableMap;", "Ljava/util/Set;");

	private static final String CONSUMER = "org/apache/kafka/clients/consumer/Consumer";

	private final Map<String, Set<String>> volatiles = new HashMap<>();

	private final ClassLoader classes;

	private int points;

	/**
	 * Create a weaving.
	 * @param classes has the classes as they were compiled
	 */
	Weaving(ClassLoader classes) {
		this.classes = classes;
	}

	/**
	 * Return how many points were put in so far.
	 */
	int points() {
		return this.points;
	}

	/**
	 * Weave a class.
	 * @param name its name
	 * @param pointed whether points are put in
	 * @return its byte code, or {@code null} if there is no such class
	 */
	byte @Nullable [] weave(String name, boolean pointed) {
		byte[] original = bytes(name.replace('.', '/'));
		if (original == null) {
			return null;
		}
		ClassWriter writer = new Writer();
		new ClassReader(original).accept(new Weaver(writer, pointed), ClassReader.SKIP_FRAMES);
		return writer.toByteArray();
	}

	byte @Nullable [] bytes(String internalName) {
		try (InputStream stream = this.classes.getResourceAsStream(internalName + ".class")) {
			return (stream != null) ? stream.readAllBytes() : null;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Identify a point: the same whatever other classes are loaded, and in each virtual
	 * machine. Nested classes belong to their outermost one.
	 */
	static int site(String owner, String method, int number) {
		int nested = owner.indexOf('$');
		String outermost = (nested > 0) ? owner.substring(0, nested) : owner;
		return mixed(outermost) & 0xFFFF0000 | mixed(owner + '.' + method + '#' + number) >>> Short.SIZE;
	}

	private static int mixed(String text) {
		int hash = text.hashCode();
		return (hash ^ hash >>> Short.SIZE) * 0x9E3779B9;
	}

	private boolean isVolatile(String owner, String field) {
		return this.volatiles.computeIfAbsent(owner, this::volatileFields).contains(field);
	}

	private Set<String> volatileFields(String owner) {
		Set<String> fields = new HashSet<>();
		byte[] bytes = owner.startsWith("io/kaffe/") ? bytes(owner) : null;
		if (bytes != null) {
			new ClassReader(bytes).accept(new ClassVisitor(Opcodes.ASM9) {

				@Override
				public @Nullable FieldVisitor visitField(int access, String name, String descriptor,
						@Nullable String signature, @Nullable Object value) {
					if ((access & Opcodes.ACC_VOLATILE) != 0) {
						fields.add(name);
					}
					return null;
				}

			}, ClassReader.SKIP_CODE);
		}
		return fields;
	}

	/**
	 * Writes frames, for which it may have to find what two classes have in common.
	 */
	private final class Writer extends ClassWriter {

		Writer() {
			super(ClassWriter.COMPUTE_FRAMES);
		}

		@Override
		protected ClassLoader getClassLoader() {
			return Weaving.this.classes;
		}

	}

	/**
	 * Weaves each method.
	 */
	private final class Weaver extends ClassVisitor {

		private final boolean pointed;

		private String name = "";

		Weaver(ClassVisitor next, boolean pointed) {
			super(Opcodes.ASM9, next);
			this.pointed = pointed;
		}

		@Override
		public void visit(int version, int access, String name, @Nullable String signature, @Nullable String superName,
				String @Nullable [] interfaces) {
			super.visit(version, access, name, signature, superName, interfaces);
			this.name = name;
		}

		@Override
		public MethodVisitor visitMethod(int access, String name, String descriptor, @Nullable String signature,
				String @Nullable [] exceptions) {
			MethodVisitor next = super.visitMethod(access, name, descriptor, signature, exceptions);
			MethodVisitor waits = new WaitWeaver(next);
			return (name.equals("<clinit>") || !this.pointed) ? waits
					: new MethodWeaver(waits, (access & Opcodes.ACC_SYNCHRONIZED) != 0, this.name, name + descriptor);
		}

	}

	/**
	 * Replaces what waits or reads the clock.
	 */
	private static final class WaitWeaver extends MethodVisitor {

		WaitWeaver(MethodVisitor next) {
			super(Opcodes.ASM9, next);
		}

		@Override
		public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
			String target = owner + "." + name + descriptor;
			switch (target) {
				case "java/util/concurrent/locks/ReentrantLock.lock()V", "java/util/concurrent/locks/Lock.lock()V" ->
					replace("lock", "(Ljava/util/concurrent/locks/Lock;)V");
				case "java/util/concurrent/CountDownLatch.await(JLjava/util/concurrent/TimeUnit;)Z" ->
					replace("await", "(Ljava/util/concurrent/CountDownLatch;JLjava/util/concurrent/TimeUnit;)Z");
				case "org/apache/kafka/common/KafkaFuture.get(JLjava/util/concurrent/TimeUnit;)Ljava/lang/Object;" ->
					replace("get",
							"(Lorg/apache/kafka/common/KafkaFuture;JLjava/util/concurrent/TimeUnit;)Ljava/lang/Object;");
				case "java/lang/Thread.sleep(J)V", "java/lang/Thread.onSpinWait()V",
						"java/lang/System.currentTimeMillis()J" ->
					replace(name, descriptor);
				case "org/springframework/beans/BeanUtils.copyProperties(Ljava/lang/Object;Ljava/lang/Object;[Ljava/lang/String;)V" ->
					super.visitMethodInsn(Opcodes.INVOKESTATIC, SHORTCUTS, name, descriptor, false);
				default -> super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
			}
		}

		private void replace(String method, String descriptor) {
			super.visitMethodInsn(Opcodes.INVOKESTATIC, POINTS, method, descriptor, false);
		}

	}

	/**
	 * Puts points into one method.
	 */
	private final class MethodWeaver extends MethodVisitor {

		private final Label begin = new Label();

		private final boolean isSynchronized;

		private final String owner;

		private final String method;

		private int sites;

		MethodWeaver(MethodVisitor next, boolean isSynchronized, String owner, String method) {
			super(Opcodes.ASM9, next);
			this.isSynchronized = isSynchronized;
			this.owner = owner;
			this.method = method;
		}

		@Override
		public void visitCode() {
			super.visitCode();
			if (this.isSynchronized) {
				call("beginAtomic");
				super.visitLabel(this.begin);
			}
		}

		@Override
		public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
			if (isVolatile(owner, name) || (opcode == Opcodes.GETFIELD && COLLECTIONS.contains(descriptor))) {
				point();
			}
			super.visitFieldInsn(opcode, owner, name, descriptor);
		}

		@Override
		public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
			if (opcode != Opcodes.INVOKESPECIAL && opcode != Opcodes.INVOKESTATIC) {
				if (MAPS.contains(owner) && COMPUTATIONS.contains(name)) {
					point();
					super.visitMethodInsn(Opcodes.INVOKESTATIC, POINTS, name,
							"(Ljava/util/Map;" + descriptor.substring(1), false);
					return;
				}
				if (owner.startsWith("java/util/concurrent/") || owner.equals("java/lang/invoke/VarHandle")
						|| owner.equals("java/util/Queue") || owner.equals(CONSUMER)) {
					point();
				}
			}
			super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
		}

		@Override
		public void visitInsn(int opcode) {
			if (opcode == Opcodes.MONITOREXIT) {
				super.visitInsn(opcode);
				call("endAtomic");
				return;
			}
			if (this.isSynchronized && opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN) {
				call("endAtomic");
			}
			super.visitInsn(opcode);
			if (opcode == Opcodes.MONITORENTER) {
				call("beginAtomic");
			}
		}

		@Override
		public void visitMaxs(int maxStack, int maxLocals) {
			if (this.isSynchronized) {
				Label end = new Label();
				super.visitLabel(end);
				super.visitTryCatchBlock(this.begin, end, end, null);
				call("endAtomic");
				super.visitInsn(Opcodes.ATHROW);
			}
			super.visitMaxs(maxStack, maxLocals);
		}

		private void point() {
			Weaving.this.points++;
			super.visitLdcInsn(site(this.owner, this.method, this.sites++));
			super.visitMethodInsn(Opcodes.INVOKESTATIC, SIMULATION, "point", "(I)V", false);
		}

		private void call(String method) {
			super.visitMethodInsn(Opcodes.INVOKESTATIC, SIMULATION, method, "()V", false);
		}

	}

}
