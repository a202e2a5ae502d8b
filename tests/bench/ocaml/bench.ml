(* Runs one workload, and prints its result, the processor time that it took, and the peak of the memory of the
   process. *)
let peak_memory () =
  let status = open_in "/proc/self/status" in
  let rec next () =
    let line = input_line status in
    try Scanf.sscanf line "VmHWM: %d" string_of_int with Scanf.Scan_failure _ -> next ()
  in
  next ()

let read path =
  let file = open_in_bin path in
  let text = really_input_string file (in_channel_length file) in
  close_in file;
  text

let main run =
  let size = int_of_string Sys.argv.(1) in
  let input = if Array.length Sys.argv > 2 then read Sys.argv.(2) else "" in
  let from = Sys.time () in
  let result = run size input in
  let seconds = Sys.time () -. from in
  Printf.printf "result %s\nseconds %.6f\nmemory %s\n" result seconds (peak_memory ())
