;; Runs one workload, and prints its result, the processor time that it took, and the peak of the memory of
;; the process.
(define-module (bench)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 rdelim)
  #:export (bench))

(define (peak-memory)
  (call-with-input-file "/proc/self/status"
    (lambda (port)
      (let next ((line (read-line port)))
        (if (string-prefix? "VmHWM:" line)
            (string-filter char-numeric? line)
            (next (read-line port)))))))

(define (bench run)
  (let* ((args (cdr (command-line)))
         (size (string->number (car args)))
         (input (and (pair? (cdr args))
                     (call-with-input-file (cadr args) get-bytevector-all #:binary #t)))
         (from (get-internal-run-time))
         (result (if input (run size input) (run size)))
         (seconds (/ (- (get-internal-run-time) from) internal-time-units-per-second)))
    (format #t "result ~a\nseconds ~a\nmemory ~a\n" result (exact->inexact seconds) (peak-memory))))
