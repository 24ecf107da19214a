#pragma once

namespace edgefuse::app {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_wrong_input = 2;
inline constexpr int exit_stopped_early = 75;  // EX_TEMPFAIL: what was done is on file

}  // namespace edgefuse::app
