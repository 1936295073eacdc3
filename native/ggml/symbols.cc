#include "ggml/symbols.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "failure.h"

#ifdef _WIN32
#include <windows.h>
// After windows.h.
#include <psapi.h>
#else
#include <dlfcn.h>
#endif

Symbols g;

namespace {

std::mutex attach_mutex;
std::string attached_path;
std::atomic<bool> attached{false};

#ifdef _WIN32

std::wstring widen(const std::string& text) {
  const int length = MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), nullptr, 0);
  std::wstring wide(static_cast<size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), &wide[0], length);
  return wide;
}

std::wstring folder_of(const std::wstring& path) { return path.substr(0, path.find_last_of(L"\\/")); }

/** The loaded modules of libllama's folder: GetProcAddress, unlike dlsym, does not search dependencies. */
class Library {
 public:
  explicit Library(const std::string& path) {
    const HMODULE llama = GetModuleHandleW(widen(path).c_str());
    if (llama == nullptr) return;
    modules_.push_back(llama);
    const std::wstring folder = folder_of(name_of(llama));
    std::vector<HMODULE> all(4096);
    DWORD bytes = 0;
    if (!EnumProcessModules(GetCurrentProcess(), all.data(), static_cast<DWORD>(all.size() * sizeof(HMODULE)),
                            &bytes))
      return;
    all.resize(std::min<size_t>(all.size(), bytes / sizeof(HMODULE)));
    for (const HMODULE module : all) {
      if (module != llama && folder_of(name_of(module)) == folder) modules_.push_back(module);
    }
  }
  bool found() const { return !modules_.empty(); }
  void* find(const char* name) const {
    for (const HMODULE module : modules_) {
      if (FARPROC address = GetProcAddress(module, name)) return reinterpret_cast<void*>(address);
    }
    return nullptr;
  }

 private:
  static std::wstring name_of(HMODULE module) {
    std::wstring name(32768, L'\0');
    name.resize(GetModuleFileNameW(module, &name[0], static_cast<DWORD>(name.size())));
    return name;
  }
  std::vector<HMODULE> modules_;
};

#else

/** The handle is kept for the life of the process: the functions found through it must not go away. */
class Library {
 public:
  explicit Library(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD)) {}
  bool found() const { return handle_ != nullptr; }
  void* find(const char* name) const { return dlsym(handle_, name); }

 private:
  void* handle_;
};

#endif

template <typename Function>
Function find(const Library& library, const char* name, const std::string& path) {
  void* address = library.find(name);
  if (address == nullptr) {
    throw Failure(code::kIncompatible, format("%s has no function %s", path.c_str(), name));
  }
  return reinterpret_cast<Function>(address);
}

}  // namespace

void attach(const std::string& libllama_path) {
  const std::lock_guard<std::mutex> lock(attach_mutex);
  if (attached && libllama_path == attached_path) return;
  if (attached) {
    throw Failure(code::kIncompatible,
                  format("already attached to %s, cannot attach to %s in the same process",
                         attached_path.c_str(), libllama_path.c_str()));
  }
  const Library library(libllama_path);
  if (!library.found()) {
    throw Failure(code::kIncompatible, format("%s is not loaded in this process", libllama_path.c_str()));
  }
  Symbols found;
#define X(name) found.name = find<decltype(found.name)>(library, #name, libllama_path);
  LLAVA_SYMBOLS(X)
#undef X
  g = found;
  attached_path = libllama_path;
  attached = true;
}

void require_attached() {
  if (!attached) throw Failure(code::kIncompatible, "not attached to a loaded libllama yet");
}
