#include "clients/compression/compressor.hpp"

namespace edgefuse::clients {

Registry<Compressor> compressors() {
  return {"compression", {no_compression(), half_precision(), int8_compression(), int4_compression(), top_k()}};
}

}  // namespace edgefuse::clients
