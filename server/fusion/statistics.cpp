#include "server/fusion/statistics.hpp"

namespace edgefuse::server {

std::string_view name_of(Reveals what) {
  switch (what) {
    case Reveals::gram:
      return "gram";
    case Reveals::fisher:
      return "fisher";
    case Reveals::nothing:
      break;
  }
  return "nothing";
}

}  // namespace edgefuse::server
