/*
 * Node's functions for the prebuilt addon on Windows, found in the running program whatever it is called. node_api.h declares
 * them as imported, so calls go through pointers, `__imp_NAME`, which are these. Builds with Microsoft's compiler have node-gyp's
 * hook for it. A function that is missing here is missed by the linker.
 */
#ifdef __MINGW32__

#include <windows.h>

#define LLAVA_NODE_FUNCTIONS(X)                                                                             \
  X(napi_add_finalizer) X(napi_call_function) X(napi_close_escapable_handle_scope)                          \
  X(napi_close_handle_scope) X(napi_create_array) X(napi_create_arraybuffer) X(napi_create_async_work)      \
  X(napi_create_double) X(napi_create_error) X(napi_create_external) X(napi_create_function)                \
  X(napi_create_object) X(napi_create_promise) X(napi_create_reference) X(napi_create_string_latin1)        \
  X(napi_create_string_utf8) X(napi_create_type_error) X(napi_create_typedarray) X(napi_define_class)       \
  X(napi_define_properties) X(napi_delete_async_work) X(napi_delete_reference) X(napi_escape_handle)        \
  X(napi_fatal_error) X(napi_get_and_clear_last_exception) X(napi_get_array_length)                         \
  X(napi_get_arraybuffer_info) X(napi_get_boolean) X(napi_get_cb_info) X(napi_get_element)                  \
  X(napi_get_instance_data) X(napi_get_last_error_info) X(napi_get_named_property) X(napi_get_new_target)   \
  X(napi_get_property) X(napi_get_reference_value) X(napi_get_typedarray_info) X(napi_get_undefined)        \
  X(napi_get_value_double) X(napi_get_value_external) X(napi_get_value_string_utf8)                         \
  X(napi_get_value_uint32) X(napi_has_property) X(napi_is_array) X(napi_is_exception_pending)               \
  X(napi_is_typedarray) X(napi_new_instance) X(napi_open_escapable_handle_scope) X(napi_open_handle_scope)  \
  X(napi_queue_async_work) X(napi_reject_deferred) X(napi_remove_wrap) X(napi_resolve_deferred)             \
  X(napi_set_element) X(napi_set_instance_data) X(napi_set_named_property) X(napi_throw) X(napi_typeof)     \
  X(napi_unwrap) X(napi_wrap)

extern "C" {

#define X(name) void* __imp_##name = nullptr;
LLAVA_NODE_FUNCTIONS(X)
#undef X

/** @return FALSE, with which the addon is not loaded, where the program has no such function */
BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  const HMODULE program = GetModuleHandleW(nullptr);
#define X(name)                                                           \
  __imp_##name = reinterpret_cast<void*>(GetProcAddress(program, #name)); \
  if (__imp_##name == nullptr) return FALSE;
  LLAVA_NODE_FUNCTIONS(X)
#undef X
  return TRUE;
}

}  // extern "C"

#endif
