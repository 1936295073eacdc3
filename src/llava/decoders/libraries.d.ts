/** Code of decoders: the file's name in the built program, from where the program is. */
declare module '*.wasm' {
  const file: string;
  export default file;
}
declare module 'jxl-oxide-wasm/module.wasm' {
  const file: string;
  export default file;
}
declare module '@cornerstonejs/codec-openjpeg/decodewasm' {
  const file: string;
  export default file;
}

/** The part of libheif's C interface that is called: numbers are pointers and values, errors are written to the first. */
declare module 'libheif-js/libheif-wasm/libheif.js' {
  export interface Libheif {
    readonly ready?: Promise<unknown>;
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    readonly HEAPU32: Uint32Array;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _heif_context_alloc(): number;
    _heif_context_free(context: number): void;
    _heif_context_read_from_memory_without_copy(
      error: number,
      context: number,
      bytes: number,
      length: number,
      options: number,
    ): void;
    _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void;
    _heif_image_handle_release(handle: number): void;
    _heif_image_handle_get_image_tiling(error: number, handle: number, turned: number, tiling: number): void;
    _heif_image_handle_get_width(handle: number): number;
    _heif_image_handle_get_height(handle: number): number;
    _heif_image_handle_has_alpha_channel(handle: number): number;
    _heif_image_handle_get_raw_color_profile_size(handle: number): number;
    _heif_image_handle_get_raw_color_profile(error: number, handle: number, profile: number): void;
    _heif_decode_image(
      error: number,
      handle: number,
      image: number,
      colourSpace: number,
      chroma: number,
      options: number,
    ): void;
    _heif_image_handle_decode_image_tile(
      error: number,
      handle: number,
      image: number,
      colourSpace: number,
      chroma: number,
      options: number,
      column: number,
      row: number,
    ): void;
    _heif_image_get_width(image: number, channel: number): number;
    _heif_image_get_height(image: number, channel: number): number;
    _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number;
    _heif_image_release(image: number): void;
  }
  export default function libheif(options: { readonly wasmBinary: Uint8Array }): Libheif;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  export interface J2kDecoder {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    readHeader(): void;
    decode(): void;
    getFrameInfo(): {
      readonly width: number;
      readonly height: number;
      readonly bitsPerSample: number;
      readonly componentCount: number;
      readonly isSigned: boolean;
    };
    /** 1 is sRGB, 2 grey, 3 YCC. */
    getColorSpace(): number;
    delete(): void;
  }
  export default function openjpeg(options: {
    readonly wasmBinary: Uint8Array;
  }): Promise<{ readonly J2KDecoder: new () => J2kDecoder }>;
}
