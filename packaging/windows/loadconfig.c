// The load configuration of a Windows program, for one of its fields: the
// libraries that the program names in its import table, OPENGL32.dll for one,
// are looked for in System32 only, never beside the program. What is loaded
// later is held to the same by dll_windows.go.
//
// The headers of mingw do not name the field, hence a structure of our own:
// IMAGE_LOAD_CONFIG_DIRECTORY64 up to SEHandlerCount, from winnt.h of Windows
// 10, which is the first to obey it.
#include <stdint.h>

#define LOAD_LIBRARY_SEARCH_SYSTEM32 0x0800

__attribute__((used)) const struct {
	uint32_t size;
	uint8_t before[74];
	uint16_t dependentLoadFlags;
	uint64_t after[4];
} _load_config_used = {
	.size = 0x70,
	.dependentLoadFlags = LOAD_LIBRARY_SEARCH_SYSTEM32,
};

_Static_assert(sizeof(_load_config_used) == 0x70, "the structure of winnt.h");
