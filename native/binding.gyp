{
  # build.js passes: root (where the sources are, from this file), headers (unpacked llama.cpp headers),
  # bindings (node-llama-cpp's C++ headers), napi (node-addon-api), release, engine_version, sanitize (0 or 1).
  "variables": { "root%": ".", "sanitize%": 0 },
  "targets": [
    {
      "target_name": "llava_native",
      "sources": [
        "<(root)/addon/addon.cc",
        "<(root)/addon/addon_context.cc",
        "<(root)/addon/context_calls.cc",
        "<(root)/addon/kernel_calls.cc",
        "<(root)/addon/quantise_call.cc",
        "<(root)/addon/tower_object.cc",
        "<(root)/addon/windows_host.cc",
        "<(root)/bridge/compute_alone.cc",
        "<(root)/bridge/cpu_graph.cc",
        "<(root)/bridge/evaluate_features.cc",
        "<(root)/bridge/log_probabilities.cc",
        "<(root)/bridge/panel_device.cc",
        "<(root)/bridge/quantise_file.cc",
        "<(root)/ggml/devices.cc",
        "<(root)/ggml/symbols.cc",
        "<(root)/gguf/gguf_file.cc",
        "<(root)/kernels/attention/attention_tile.cc",
        "<(root)/kernels/attention/cache_attention.cc",
        "<(root)/kernels/dispatch.cc",
        "<(root)/kernels/float/float_multiplication.cc",
        "<(root)/kernels/float/panel_matmul.cc",
        "<(root)/kernels/instruction_sets.cc",
        "<(root)/kernels/quantised/panel_multiplication.cc",
        "<(root)/kernels/quantised/panels.cc",
        "<(root)/kernels/quantised/rounded_rows.cc",
        "<(root)/kernels/quantised/tile.cc",
        "<(root)/vision/graph.cc",
        "<(root)/vision/projector.cc",
        "<(root)/vision/shape.cc",
        "<(root)/vision/tower.cc",
        "<(root)/vision/weights.cc",
      ],
      # Includes are written from here: "kernels/dot_tile.h".
      "include_dirs": ["<(root)"],
      "defines": [
        "NAPI_VERSION=7",
        "NAPI_CPP_EXCEPTIONS",
        # A thread that is being terminated can take no exception any more.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        'LLAVA_RELEASE="<(release)"',
        'LLAVA_ENGINE_VERSION="<(engine_version)"',
      ],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "conditions": [
        [
          "OS=='linux'",
          {
            # As system headers, so that -Werror holds for this folder alone.
            "cflags_cc": [
              "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden",
              "-isystem", "<(headers)", "-isystem", "<(bindings)", "-isystem", "<(napi)",
            ],
            "libraries": ["-ldl"],
          },
        ],
        [
          "OS=='mac'",
          {
            "xcode_settings": {
              "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
              "GCC_ENABLE_CPP_RTTI": "YES",
              "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
              "CLANG_CXX_LIBRARY": "libc++",
              "MACOSX_DEPLOYMENT_TARGET": "11.0",
              "OTHER_CPLUSPLUSFLAGS": [
                "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden",
                "-isystem", "<(headers)", "-isystem", "<(bindings)", "-isystem", "<(napi)",
              ],
            },
          },
        ],
        [
          "OS=='win'",
          {
            "include_dirs": ["<(headers)", "<(bindings)", "<(napi)"],
            "defines": ["_HAS_EXCEPTIONS=1", "NOMINMAX"],
            "msvs_settings": {
              "VCCLCompilerTool": {
                "ExceptionHandling": 1,
                "RuntimeTypeInfo": "true",
                "AdditionalOptions": ["/std:c++17", "/utf-8"],
              },
            },
            "libraries": ["psapi.lib"],
          },
        ],
        [
          "sanitize==1",
          {
            "cflags": ["-fsanitize=address", "-fno-omit-frame-pointer", "-g", "-O1"],
            "ldflags": ["-fsanitize=address"],
          },
        ],
      ],
    },
  ],
}
