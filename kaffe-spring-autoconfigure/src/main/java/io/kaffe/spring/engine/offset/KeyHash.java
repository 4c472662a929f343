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

package io.kaffe.spring.engine.offset;

/**
 * A hash by which a key is recognized in another process: equal for equal keys, also
 * there. Keys of different types may be equal in one process and not be in another, so
 * the type is a part of it.
 *
 * @param type the type of the key, a number from 0 to 127
 * @param value the hash among the keys of this type
 */
public record KeyHash(byte type, int value) implements Comparable<KeyHash> {

	@Override
	public int compareTo(KeyHash other) {
		int byType = Byte.compare(this.type, other.type);
		return (byType != 0) ? byType : Integer.compare(this.value, other.value);
	}

}
