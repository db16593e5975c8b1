// The part of the PKCS#11 v2.40 interface (pkcs11t.h, pkcs11f.h) that this
// program calls itself, because the binding trusts the counts and lengths that
// a module gives there, or keeps copies of the code porteur.

#ifndef POSTECPX_CRYPTOKI_H
#define POSTECPX_CRYPTOKI_H

#include <stddef.h>

typedef unsigned long ck_ulong;

// Places in CK_FUNCTION_LIST, in the order of pkcs11f.h.
enum {
	F_INITIALIZE = 0,
	F_FINALIZE = 1,
	F_GET_INFO = 2,
	F_GET_SLOT_LIST = 4,
	F_GET_SLOT_INFO = 5,
	F_GET_TOKEN_INFO = 6,
	F_GET_MECHANISM_LIST = 7,
	F_GET_MECHANISM_INFO = 8,
	F_OPEN_SESSION = 12,
	F_CLOSE_SESSION = 13,
	F_LOGIN = 18,
	F_LOGOUT = 19,
	F_GET_ATTRIBUTE_VALUE = 24,
	F_FIND_OBJECTS_INIT = 26,
	F_FIND_OBJECTS = 27,
	F_FIND_OBJECTS_FINAL = 28,
	F_SIGN_INIT = 42,
	F_SIGN = 43,
	F_COUNT = 68,
};

// Windows modules pack their structures to one byte.
#ifdef _WIN32
#pragma pack(push, 1)
#endif

typedef struct {
	unsigned char version[2];
	void *function[F_COUNT];
} ck_function_list;

typedef struct {
	ck_ulong type;
	void *value;
	ck_ulong length;
} ck_attribute;

#ifdef _WIN32
#pragma pack(pop)
#endif

// The most attributes of one call of ck_get_attributes.
#define CK_MAX_ATTRIBUTES 32

ck_ulong ck_get_function_list(void *symbol, ck_function_list **list);
int ck_has(const ck_function_list *list, int place);
ck_ulong ck_get_slot_list(const ck_function_list *list, ck_ulong *slots, ck_ulong *count);
ck_ulong ck_get_mechanism_list(const ck_function_list *list, ck_ulong slot, ck_ulong *mechanisms, ck_ulong *count);
ck_ulong ck_find_objects(const ck_function_list *list, ck_ulong session, ck_ulong *objects, ck_ulong most, ck_ulong *count);
ck_ulong ck_get_attributes(const ck_function_list *list, ck_ulong session, ck_ulong object,
	int count, const ck_ulong *types, ck_ulong *lengths, unsigned char *buffer);
ck_ulong ck_login(const ck_function_list *list, ck_ulong session, ck_ulong user, unsigned char *pin, ck_ulong length);
ck_ulong ck_sign(const ck_function_list *list, ck_ulong session, unsigned char *data, ck_ulong size,
	unsigned char *signature, ck_ulong *length);

// ck_default_signals gives the signals of a crash back to the system, so that
// the parent sees them and not the report of the Go runtime.
void ck_default_signals(void);

#endif
