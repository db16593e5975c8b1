//go:build cgo

#include "cryptoki.h"

#include <signal.h>

typedef unsigned char bytes;

ck_ulong ck_get_function_list(void *symbol, ck_function_list **list)
{
	return ((ck_ulong (*)(ck_function_list **))symbol)(list);
}

int ck_has(const ck_function_list *list, int place)
{
	return *(void *const volatile *)&list->function[place] != NULL;
}

ck_ulong ck_get_slot_list(const ck_function_list *list, ck_ulong *slots, ck_ulong *count)
{
	ck_ulong (*f)(bytes, ck_ulong *, ck_ulong *) = list->function[F_GET_SLOT_LIST];
	return f(0, slots, count);
}

ck_ulong ck_get_mechanism_list(const ck_function_list *list, ck_ulong slot, ck_ulong *mechanisms, ck_ulong *count)
{
	ck_ulong (*f)(ck_ulong, ck_ulong *, ck_ulong *) = list->function[F_GET_MECHANISM_LIST];
	return f(slot, mechanisms, count);
}

ck_ulong ck_find_objects(const ck_function_list *list, ck_ulong session, ck_ulong *objects, ck_ulong most, ck_ulong *count)
{
	ck_ulong (*f)(ck_ulong, ck_ulong *, ck_ulong, ck_ulong *) = list->function[F_FIND_OBJECTS];
	return f(session, objects, most, count);
}

// With a buffer, the values are put one behind the other into it, each in the
// room of its length; without one, only the lengths are asked for.
ck_ulong ck_get_attributes(const ck_function_list *list, ck_ulong session, ck_ulong object,
	int count, const ck_ulong *types, ck_ulong *lengths, unsigned char *buffer)
{
	ck_ulong (*f)(ck_ulong, ck_ulong, ck_attribute *, ck_ulong) = list->function[F_GET_ATTRIBUTE_VALUE];
	ck_attribute attributes[CK_MAX_ATTRIBUTES];
	ck_ulong result;
	int i;

	for (i = 0; i < count; i++) {
		attributes[i].type = types[i];
		attributes[i].value = buffer;
		attributes[i].length = buffer != NULL ? lengths[i] : 0;
		if (buffer != NULL)
			buffer += lengths[i];
	}
	result = f(session, object, attributes, (ck_ulong)count);
	for (i = 0; i < count; i++)
		lengths[i] = attributes[i].length;
	return result;
}

ck_ulong ck_login(const ck_function_list *list, ck_ulong session, ck_ulong user, unsigned char *pin, ck_ulong length)
{
	ck_ulong (*f)(ck_ulong, ck_ulong, bytes *, ck_ulong) = list->function[F_LOGIN];
	return f(session, user, pin, length);
}

ck_ulong ck_sign(const ck_function_list *list, ck_ulong session, unsigned char *data, ck_ulong size,
	unsigned char *signature, ck_ulong *length)
{
	ck_ulong (*f)(ck_ulong, bytes *, ck_ulong, bytes *, ck_ulong *) = list->function[F_SIGN];
	return f(session, data, size, signature, length);
}

void ck_default_signals(void)
{
#ifndef _WIN32
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
	size_t i;

	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		signal(crashes[i], SIG_DFL);
#endif
}
