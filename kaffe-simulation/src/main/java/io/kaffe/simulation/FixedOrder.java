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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Lets a virtual machine iterate over immutable sets and maps in an order that is always
 * the same. Each chooses one when it starts, from the time, which would let a seed lead
 * elsewhere. The choice is compiled into what the virtual machine needs to start, so that
 * it cannot be changed later: it is replaced in the class.
 */
final class FixedOrder {

	private static final String CHOOSING = "java/util/ImmutableCollections";

	private FixedOrder() {
	}

	/**
	 * Return the option that a virtual machine of the present JDK has to be started with.
	 * @param directory where to write a class to
	 */
	static String option(Path directory) throws IOException {
		Path file = directory.resolve(CHOOSING + ".class");
		Files.createDirectories(file.getParent());
		Files.write(file, patched());
		return "--patch-module=java.base=" + directory;
	}

	private static byte[] patched() throws IOException {
		try (InputStream bytes = Objects.requireNonNull(Object.class.getResourceAsStream("/" + CHOOSING + ".class"))) {
			ClassReader reader = new ClassReader(bytes);
			ClassWriter writer = new ClassWriter(reader, 0);
			reader.accept(new ClassVisitor(Opcodes.ASM9, writer) {

				@Override
				public MethodVisitor visitMethod(int access, String name, String descriptor, String signature,
						String[] exceptions) {
					return withoutTime(super.visitMethod(access, name, descriptor, signature, exceptions));
				}

			}, 0);
			return writer.toByteArray();
		}
	}

	private static MethodVisitor withoutTime(MethodVisitor next) {
		return new MethodVisitor(Opcodes.ASM9, next) {

			@Override
			public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
				if (owner.equals("java/lang/System") && name.equals("nanoTime")) {
					super.visitInsn(Opcodes.LCONST_1);
				}
				else {
					super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
				}
			}

		};
	}

}
