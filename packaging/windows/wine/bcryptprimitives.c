// For tests under Wine only: Wine 8, that of Debian 12, lacks the library that
// Go takes its random numbers from. Never part of a package.
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
	while (length > 0) {
		ULONG part = length > 0x10000000 ? 0x10000000 : (ULONG)length;
		if (!RtlGenRandom(data, part))
			return FALSE;
		data += part;
		length -= part;
	}
	return TRUE;
}
